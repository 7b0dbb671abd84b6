import { Body, Controller, Delete, Get, Param, ParseBoolPipe, ParseEnumPipe, Patch, Post, Query } from '@nestjs/common';
import { Answers, Heading, InPath, InQuery } from '../http/openapi.js';
import { Needs } from '../http/permission.js';
import { type MediumType, mediumTypes } from '../machines/words.js';
import { Job } from '../jobs/job.dto.js';
import { MediaWorkService } from './media-work.service.js';
import { CloneMedium, CreateMedium, Medium, MediumChanges, MediumLock, MoveMedium, ResizeMedium } from './medium.dto.js';
import { MediaService } from './media.service.js';

const MediumRef = (): MethodDecorator => InPath('ref', "the medium's UUID or absolute path");

@Heading('media')
@Controller('media')
export class MediaController {
  constructor(
    private readonly media: MediaService,
    private readonly work: MediaWorkService,
  ) {}

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
  @InQuery('unregistered', { type: Boolean }, 'true: the file at a path is described too when it is not registered, and stays so; its UUID is of zeroes where its format keeps none')
  @Answers(200, Medium)
  getMedium(@Param('ref') ref: string, @Query('unregistered', new ParseBoolPipe({ optional: true })) unregistered?: boolean): Promise<Medium> {
    return this.media.get(ref, unregistered);
  }

  @Delete(':ref')
  @Needs('media.change')
  @MediumRef()
  @InQuery('delete', { type: Boolean }, 'true: the file too')
  @Answers(204)
  closeMedium(@Param('ref') ref: string, @Query('delete', new ParseBoolPipe({ optional: true })) file?: boolean): Promise<void> {
    return this.media.close(ref, file ?? false);
  }

  @Patch(':ref')
  @Needs('media.change')
  @MediumRef()
  @Answers(200, Medium)
  changeMedium(@Param('ref') ref: string, @Body() changes: MediumChanges): Promise<Medium> {
    return this.work.change(ref, changes);
  }

  @Post(':ref/clone')
  @Needs('media.change')
  @MediumRef()
  @Answers(202, Job)
  cloneMedium(@Param('ref') ref: string, @Body() body: CloneMedium): Promise<Job> {
    return this.work.clone(ref, body);
  }

  @Post(':ref/resize')
  @Needs('media.change')
  @MediumRef()
  @Answers(202, Job)
  resizeMedium(@Param('ref') ref: string, @Body() { sizeBytes }: ResizeMedium): Promise<Job> {
    return this.work.resize(ref, sizeBytes);
  }

  @Post(':ref/compact')
  @Needs('media.change')
  @MediumRef()
  @Answers(202, Job)
  compactMedium(@Param('ref') ref: string): Promise<Job> {
    return this.work.compact(ref);
  }

  @Post(':ref/move')
  @Needs('media.change')
  @MediumRef()
  @Answers(202, Job)
  moveMedium(@Param('ref') ref: string, @Body() { path }: MoveMedium): Promise<Job> {
    return this.work.move(ref, path);
  }

  /** Who has an image open; the image need not be registered. */
  @Get(':ref/locks')
  @Needs('media.read')
  @MediumRef()
  @Answers(200, [MediumLock])
  getMediumLocks(@Param('ref') ref: string): Promise<MediumLock[]> {
    return this.work.locks(ref);
  }

  /** Breaks the locks of holders that this host cannot judge, for one who knows that they are gone: if one still writes, the image is lost. */
  @Post(':ref/unlock')
  @Needs('media.change')
  @MediumRef()
  @Answers(200, [MediumLock])
  unlockMedium(@Param('ref') ref: string): Promise<MediumLock[]> {
    return this.work.unlock(ref);
  }
}
