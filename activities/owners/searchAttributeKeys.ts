import { defineSearchAttributeKey } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../../contract/searchAttributes.ts';

export const HF_STATE = defineSearchAttributeKey('HfState', SEARCH_ATTRIBUTES.HfState);
export const HF_PROVIDER = defineSearchAttributeKey('HfProvider', SEARCH_ATTRIBUTES.HfProvider);
export const HF_REQUEST_TYPE = defineSearchAttributeKey('HfRequestType', SEARCH_ATTRIBUTES.HfRequestType);
export const HF_COUNT = defineSearchAttributeKey('HfCount', SEARCH_ATTRIBUTES.HfCount);
