import type { ImportField, ImportPreview } from '../../api/imports.types';
import { useT } from '../../i18n/I18n';
import { FieldRow } from './FieldRow';
import { columnOf, patternOf, problemsFor, withColumn } from './mapping';
import classes from './Mapping.module.css';
import type { MappingPart } from './part';

interface ColumnFieldsProps extends MappingPart {
  fields: ImportField[];
  preview: ImportPreview;
}

export function ColumnFields({ mapping, change, problems, fields, preview }: ColumnFieldsProps) {
  const t = useT();
  const used = new Set(Object.values(mapping.columns).map(columnOf));
  const unused = preview.columns.filter((column) => !used.has(column));
  return (
    <>
      <div className={classes.fields}>
        {fields.map((field) => {
          const source = mapping.columns[field.name];
          return (
            <FieldRow
              key={field.name}
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
