import type { Mapping } from '../../api/imports.types';

/** What every part of the mapping form is given. */
export interface MappingPart {
  mapping: Mapping;
  change: (mapping: Mapping) => void;
  problems: Readonly<Record<string, readonly string[]>>;
}
