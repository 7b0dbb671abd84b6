import { Body, Controller, Delete, Param, Post, Put } from '@nestjs/common';
import { Answers, Heading, MachineRef } from '../http/openapi.js';
import { Needs } from '../http/permission.js';
import { Machine } from './machine.dto.js';
import { AddStorageController, SetAttachment } from './requests.dto.js';
import { StorageService } from './storage.service.js';

@Heading('storage')
@Controller('machines/:ref/storage-controllers')
export class StorageControllers {
  constructor(private readonly storage: StorageService) {}

  @Post()
  @Needs('machine.change')
  @MachineRef()
  @Answers(201, Machine)
  addStorageController(@Param('ref') ref: string, @Body() body: AddStorageController): Promise<Machine> {
    return this.storage.addController(ref, body);
  }

  @Delete(':name')
  @Needs('machine.change')
  @MachineRef()
  @Answers(200, Machine)
  removeStorageController(@Param('ref') ref: string, @Param('name') name: string): Promise<Machine> {
    return this.storage.removeController(ref, name);
  }

  @Put(':name/attachments')
  @Needs('machine.change')
  @MachineRef()
  @Answers(200, Machine)
  setAttachment(@Param('ref') ref: string, @Param('name') name: string, @Body() body: SetAttachment): Promise<Machine> {
    return this.storage.setAttachment(ref, name, body);
  }
}
