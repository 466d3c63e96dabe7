import { createContext, use } from 'react';
import type { Vocabulary, VocabularyName, Operand } from '../api/analytics.types';
import { operandKind, operandName } from './draft';
import type { Words } from './words';

interface Explore {
  vocabulary: Vocabulary;
  words: Words;
}

export const ExploreContext = createContext<Explore | null>(null);

/** What there is to ask about, and how it is called. */
export function useExplore(): Explore {
  const explore = use(ExploreContext);
  if (!explore) throw new Error('This is used outside of Explore.');
  return explore;
}

/** What is known of an operand; undefined for one that never occurred. The value of an event is always a number. */
export function knownName(vocabulary: Vocabulary, of: Operand): VocabularyName | undefined {
  const [kind, name] = [operandKind(of), operandName(of)];
  if (kind === 'field' && name === 'value') return { name, kind: 'number', values: 0, column: true };
  const list = kind === 'property' ? vocabulary.properties : kind === 'field' ? vocabulary.fields : vocabulary.attributes;
  return list.find((known) => known.name === name);
}
