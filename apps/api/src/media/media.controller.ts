import { Body, Controller, Delete, Get, Param, ParseBoolPipe, ParseEnumPipe, Post, Query } from '@nestjs/common';
import { Answers, Heading, InPath, InQuery } from '../http/openapi.js';
import { Needs } from '../http/permission.js';
import { type MediumType, mediumTypes } from '../machines/words.js';
import { CreateMedium, Medium } from './medium.dto.js';
import { MediaService } from './media.service.js';

const MediumRef = (): MethodDecorator => InPath('ref', "the medium's UUID or absolute path");

@Heading('media')
@Controller('media')
export class MediaController {
  constructor(private readonly media: MediaService) {}

  @Get()
  @Needs('media.read')
  @InQuery('type', { enum: mediumTypes }, 'only images of this type')
  @Answers(200, [Medium])
  listMedia(@Query('type', new ParseEnumPipe(Object.fromEntries(mediumTypes.map((type) => [type, type])), { optional: true })) type?: MediumType): Promise<Medium[]> {
    return this.media.list(type);
  }

  @Post()
  @Needs('media.change')
  @Answers(201, Medium)
  createMedium(@Body() body: CreateMedium): Promise<Medium> {
    return this.media.create(body);
  }

  @Get(':ref')
  @Needs('media.read')
  @MediumRef()
  @Answers(200, Medium)
  getMedium(@Param('ref') ref: string): Promise<Medium> {
    return this.media.get(ref);
  }

  @Delete(':ref')
  @Needs('media.change')
  @MediumRef()
  @InQuery('delete', { type: Boolean }, 'true: the file too')
  @Answers(204)
  closeMedium(@Param('ref') ref: string, @Query('delete', new ParseBoolPipe({ optional: true })) file?: boolean): Promise<void> {
    return this.media.close(ref, file ?? false);
  }
}
