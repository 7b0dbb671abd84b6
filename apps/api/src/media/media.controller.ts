import { Body, Controller, Delete, Get, HttpCode, Param, ParseBoolPipe, ParseEnumPipe, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Needs } from '../http/permission.js';
import { type MediumType, mediumTypes } from '../machines/words.js';
import { CreateMedium, Medium } from './medium.dto.js';
import { MediaService } from './media.service.js';

const MediumRef = (): MethodDecorator => ApiParam({ name: 'ref', type: String, description: "the medium's UUID or absolute path" });

@ApiTags('media')
@Controller('media')
export class MediaController {
  constructor(private readonly media: MediaService) {}

  @Get()
  @Needs('media.read')
  @ApiQuery({ name: 'type', enum: mediumTypes, required: false })
  @ApiOkResponse({ type: [Medium] })
  listMedia(@Query('type', new ParseEnumPipe(Object.fromEntries(mediumTypes.map((type) => [type, type])), { optional: true })) type?: MediumType): Promise<Medium[]> {
    return this.media.list(type);
  }

  @Post()
  @Needs('media.change')
  @ApiCreatedResponse({ type: Medium })
  createMedium(@Body() body: CreateMedium): Promise<Medium> {
    return this.media.create(body);
  }

  @Get(':ref')
  @Needs('media.read')
  @MediumRef()
  @ApiOkResponse({ type: Medium })
  getMedium(@Param('ref') ref: string): Promise<Medium> {
    return this.media.get(ref);
  }

  @Delete(':ref')
  @HttpCode(204)
  @Needs('media.change')
  @MediumRef()
  @ApiQuery({ name: 'delete', type: Boolean, required: false, description: 'true: the file too' })
  @ApiNoContentResponse()
  closeMedium(@Param('ref') ref: string, @Query('delete', new ParseBoolPipe({ optional: true })) file?: boolean): Promise<void> {
    return this.media.close(ref, file ?? false);
  }
}
