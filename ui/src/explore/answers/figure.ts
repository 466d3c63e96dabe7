import type { Answer, Pick, Question } from '../../api/analytics.types';
import type { ChartData } from '../../components/chart/data';
import type { ChartHit, ChartOption, OptionContext } from '../../components/chart/option';
import type { PlainDate } from '../../i18n/plain-date';
import type { Words } from '../words';

export interface Drawing {
  option: (context: OptionContext) => ChartOption;
  /** Who is behind what was clicked on; null where nothing is. */
  pickAt: (hit: ChartHit) => Pick | null;
  /** What a screen reader hears instead of the picture. */
  description: string;
  height: number;
  /** Narrower than this it scrolls sideways. */
  minWidth?: number;
  /** Where the picture that is saved differs from the one on the page. */
  picture?: { option: (context: OptionContext) => ChartOption; height: number };
}

/** An answer, ready to be shown: as a picture and as a table whose numbers lead to customers. */
export interface Figure {
  title: string;
  drawing: Drawing | null;
  data: ChartData;
  /** Who is behind a cell of the table; null where it is no number of customers. */
  pickOf: (row: number, column: number) => Pick | null;
  /** In which colour a row of the table is drawn in the picture. */
  colorOf?: (row: number) => string | null;
  /** What the answer leaves out or does not draw: never silent. */
  notes: string[];
  /** There is nothing to show. */
  empty: boolean;
  /** The answer in one sentence. */
  summary: string;
}

export interface FigureInput {
  question: Question;
  answer: Answer;
  words: Words;
  /** In the organization's zone. */
  today: PlainDate;
}
