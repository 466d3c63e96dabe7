import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { kinds } from '../../api/analytics.types';
import { schemasQuery } from '../../api/data';
import { paletteQuery } from '../../api/queries';
import type { IconName } from '../../components/Icon';
import { kindNames } from '../../explore/kinds';
import { useFormat, useT } from '../../i18n/I18n';
import { languages } from '../../i18n/locale';
import { usePlainT } from '../../i18n/usePlainT';
import { useOrganization, usePermissions } from '../organization';
import { pagesFor } from '../pages';
import { languageNames, themeNames, themes } from '../preference-names';
import { usePreferences } from '../preferences';
import { useSignOut } from '../UserMenu';

export interface Command {
  id: string;
  label: string;
  hint?: string;
  icon: IconName;
  run: () => void;
}

export interface CommandGroup {
  label: string;
  commands: Command[];
}

/** Accents are ignored: people type "apercu". */
const plainText = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

function useActions(): Command[] {
  const t = useT();
  const plain = usePlainT();
  const navigate = useNavigate();
  const { slug } = useOrganization();
  const { import: mayImport } = usePermissions();
  const { language, theme, chooseLanguage, chooseTheme } = usePreferences();
  const leave = useSignOut();
  return [
    ...(mayImport
      ? [
          {
            id: 'import',
            label: t('imports.new.action'),
            icon: 'upload' as const,
            run: () => void navigate({ to: '/o/$slug/imports/new', params: { slug } }),
          },
        ]
      : []),
    ...kinds.map((kind) => ({
      id: `explore-${kind}`,
      label: t('palette.explore', { kind: plain(kindNames[kind]) }),
      icon: 'chart' as const,
      run: () => void navigate({ to: '/o/$slug/explore', params: { slug }, search: { kind } }),
    })),
    ...themes
      .filter((option) => option !== theme)
      .map((option) => ({
        id: `theme-${option}`,
        label: t('palette.theme', { name: plain(themeNames[option]) }),
        icon: option === 'dark' ? ('moon' as const) : ('sun' as const),
        run: () => chooseTheme(option),
      })),
    ...languages
      .filter((option) => option !== language)
      .map((option) => ({
        id: `language-${option}`,
        label: t('palette.language', { name: plain(languageNames[option]) }),
        icon: 'language' as const,
        run: () => chooseLanguage(option),
      })),
    { id: 'sign-out', label: t('shell.signOut'), icon: 'signOut', run: () => leave.mutate() },
  ];
}

export function useCommands(query: string): { groups: CommandGroup[]; searching: boolean; failed: boolean } {
  const t = useT();
  const plain = usePlainT();
  const format = useFormat();
  const navigate = useNavigate();
  const may = usePermissions();
  const { slug } = useOrganization();
  const actions = useActions();
  const { data, isFetching, isError } = useQuery(paletteQuery(slug, query));
  const found = query.length >= 2 ? data : undefined;
  const matches = (command: Command) => plainText(command.label).includes(plainText(query));

  const pages = pagesFor(may).flatMap((group) =>
    group.pages.map((page) => ({
      id: page.to,
      label: plain(page.label),
      hint: plain(group.label),
      icon: page.icon,
      run: () => void navigate({ to: page.to, params: { slug } }),
    })),
  );

  const customers = (found?.customers ?? []).map((customer) => ({
    id: customer.id,
    label: customer.name ?? customer.email ?? customer.externalId ?? customer.id,
    hint: customer.externalId ?? undefined,
    icon: 'person' as const,
    run: () => void navigate({ to: '/o/$slug/customers/$id', params: { slug, id: customer.id } }),
  }));

  const orders = (found?.orders ?? []).map((order) => ({
    id: order.id,
    label: t('palette.order', { number: order.number }),
    hint: format.money(order.total, order.currency),
    icon: 'cart' as const,
    run: () =>
      order.customerId
        ? void navigate({
            to: '/o/$slug/customers/$id',
            params: { slug, id: order.customerId },
            search: { tab: 'orders', order: order.id },
          })
        : void navigate({ to: '/o/$slug/overview', params: { slug }, search: { order: order.id } }),
  }));

  // A table is looked for by its name alone, among all that the person may see.
  const tables = useQuery({ ...schemasQuery(slug), enabled: query.length >= 2 });
  const word = query.trim().toLowerCase().replaceAll(' ', '_');
  const named = (query.length >= 2 ? (tables.data?.schemas ?? []) : [])
    .flatMap((schema) =>
      schema.relations
        .filter((relation) => relation.name.includes(word))
        .map((relation) => ({ schema: schema.name, relation: relation.name })),
    )
    .sort(
      (a, b) => Number(b.schema === tables.data?.usual) - Number(a.schema === tables.data?.usual) || a.relation.length - b.relation.length,
    )
    .slice(0, 8)
    .map(({ schema, relation }) => ({
      id: `${schema}.${relation}`,
      label: relation,
      hint: schema,
      icon: 'table' as const,
      run: () => void navigate({ to: '/o/$slug/data/$schema/$relation', params: { slug, schema, relation }, search: {} }),
    }));

  const groups = [
    { label: t('palette.pages'), commands: pages.filter(matches) },
    { label: t('palette.customers'), commands: customers },
    { label: t('palette.orders'), commands: orders },
    { label: t('palette.tables'), commands: named },
    { label: t('palette.actions'), commands: actions.filter(matches) },
  ].filter((group) => group.commands.length > 0);
  return { groups, searching: isFetching, failed: isError };
}
