import type { ProductRow } from '../api/types';
import { Card } from '../components/Card';
import { PlainTable } from '../components/table/PlainTable';
import { Money, Num } from '../components/Values';
import { useT } from '../i18n/I18n';
import classes from './Overview.module.css';
import productClasses from './ProductsCard.module.css';

export function ProductsCard({ products }: { products: ProductRow[] }) {
  const t = useT();
  return (
    <Card title={t('overview.products')}>
      {products.length === 0 ? (
        <p className={classes.nothing}>{t('overview.nothingInRange')}</p>
      ) : (
        <PlainTable
          label={t('overview.products')}
          columns={[
            { label: t('product.name') },
            { label: t('product.quantity'), align: 'right', wideOnly: true },
            { label: t('metric.orders'), align: 'right', wideOnly: true },
            { label: t('metric.revenue'), align: 'right' },
          ]}
          rows={products.map((product) => [
            <span className={productClasses.product}>
              <span className={productClasses.name}>{product.name ?? product.productId}</span>
              <span className={productClasses.id}>{product.productId}</span>
            </span>,
            <Num value={product.quantity} />,
            <Num value={product.orders} />,
            <Money value={product.revenue} />,
          ])}
        />
      )}
    </Card>
  );
}
