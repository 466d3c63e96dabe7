// The real client against /rest/v1, unchanged. Prints one line a check; exit code 1: one of them failed.
import assert from 'node:assert/strict';
import { PostgrestClient } from '@supabase/postgrest-js';

const headers = { apikey: process.env.KEY, Authorization: `Bearer ${process.env.KEY}` };
const customers = new PostgrestClient(`${process.env.URL}/rest/v1`, { headers, schema: 'customers' });
const cdp = customers.schema('cdp');

const checks = {
  'insert returns the rows': async () => {
    const { data, error, status } = await cdp.from('customers').insert([{ customer_id: 'js-1', name: 'Ada', country: 'GB' }, { customer_id: 'js-2', name: 'Grace', country: 'US' }]).select('customer_id,name');
    assert.equal(error, null);
    assert.equal(status, 201);
    assert.deepEqual(data, [{ customer_id: 'js-1', name: 'Ada' }, { customer_id: 'js-2', name: 'Grace' }]);
  },
  'select with filters, order, range and count': async () => {
    const { data, count, error } = await customers.from('customers').select('customer_id,name', { count: 'exact' }).in('customer_id', ['js-1', 'js-2']).order('customer_id', { ascending: false }).range(0, 0);
    assert.equal(error, null);
    assert.equal(count, 2);
    assert.deepEqual(data, [{ customer_id: 'js-2', name: 'Grace' }]);
  },
  'head only': async () => {
    const { data, count } = await customers.from('customers').select('*', { count: 'exact', head: true }).like('customer_id', 'js-%');
    assert.equal(data, null);
    assert.equal(count, 2);
  },
  'or, not, is, json and alias': async () => {
    const { data, error } = await customers.from('customers').select('who:name,custom_attributes->level').or('name.eq.Ada,and(name.eq.Grace,country.eq.FR)').not('customer_id', 'is', null).like('customer_id', 'js-%');
    assert.equal(error, null);
    assert.deepEqual(data, [{ who: 'Ada', level: null }]);
  },
  'update and single': async () => {
    const { data, error } = await cdp.from('customers').update({ city: 'London' }).eq('customer_id', 'js-1').select('name,city').single();
    assert.equal(error, null);
    assert.deepEqual(data, { name: 'Ada', city: 'London' });
  },
  'single with none, and maybeSingle': async () => {
    const none = await cdp.from('customers').select('name').eq('customer_id', 'js-none').single();
    assert.equal(none.error.code, 'PGRST116');
    const maybe = await cdp.from('customers').select('name').eq('customer_id', 'js-none').maybeSingle();
    assert.equal(maybe.error, null);
    assert.equal(maybe.data, null);
  },
  'upsert names the table below the views': async () => {
    const { data: [row] } = await customers.from('customers').select('id').eq('customer_id', 'js-2');
    const { data, error } = await customers.from('customers').upsert({ id: row.id, customer_id: 'js-2', name: 'Grace H.' }, { onConflict: 'organization_id,id' }).select('name');
    assert.equal(error, null);
    assert.deepEqual(data, [{ name: 'Grace H.' }]);
  },
  'csv': async () => {
    const { data, error } = await customers.from('customers').select('customer_id,name').eq('customer_id', 'js-1').csv();
    assert.equal(error, null);
    assert.equal(data, 'customer_id,name\njs-1,Ada');
  },
  'errors keep their shape': async () => {
    const { error, status } = await customers.from('customers').select('nothing_of_that_name');
    assert.equal(status, 400);
    assert.equal(error.code, '42703');
    const unknown = await customers.from('customer').select();
    assert.equal(unknown.error.code, 'PGRST205');
    assert.match(unknown.error.hint, /customers/);
    const hidden = await customers.schema('platform').rpc('issue_api_key', { name: 'x' });
    assert.equal(hidden.error.code, 'PGRST202');
  },
  'rows of another organization are not there': async () => {
    const { data } = await customers.from('customers').select('name').eq('id', process.env.STRANGER);
    assert.deepEqual(data, []);
  },
  'delete': async () => {
    const { error, count } = await cdp.from('customers').delete({ count: 'exact' }).like('customer_id', 'js-%');
    // Customers are erased, not deleted, where the platform says so; then it is refused in the documented shape.
    if (error) assert.equal(typeof error.code, 'string');
    else assert.equal(count, 2);
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok ${name}: ${error.message}`);
  }
}
process.exitCode = failed ? 1 : 0;
