import type { ImportField, ImportPreview } from '../../api/imports.types';
import { useT } from '../../i18n/I18n';
import { FieldRow } from './FieldRow';
import { columnOf, patternOf, problemsFor, withColumn } from './mapping';
import classes from './Mapping.module.css';
import type { MappingPart } from './part';

interface ColumnFieldsProps extends MappingPart {
  kind: string;
  fields: ImportField[];
  preview: ImportPreview;
}

export function ColumnFields({ kind, mapping, change, problems, fields, preview }: ColumnFieldsProps) {
  const t = useT();
  const used = new Set(Object.values(mapping.columns).map(columnOf));
  // "$" is the whole of a JSON line: where it is used nothing is left over.
  const unused = used.has('$') ? [] : preview.columns.filter((column) => column !== '$' && !used.has(column));
  return (
    <>
      <div className={classes.fields}>
        {fields.map((field) => {
          const source = mapping.columns[field.name];
          return (
            <FieldRow
              key={field.name}
              kind={kind}
              field={field}
              preview={preview}
              column={columnOf(source)}
              pattern={patternOf(source)}
              problem={problemsFor(problems, 'columns', field.name)}
              onChange={(column, pattern) => change(withColumn(mapping, field.name, column, pattern))}
            />
          );
        })}
      </div>
      {unused.length > 0 && <p className={classes.hint}>{t('mapping.unused', { columns: unused.join(', ') })}</p>}
    </>
  );
}
