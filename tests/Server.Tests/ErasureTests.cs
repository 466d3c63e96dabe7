using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Npgsql;

namespace Clientele.Server.Tests;

/// <summary>
/// An erasure over everything that is registered: a row with a marked word in each text column of each table that refers to a
/// customer, and in what names people without a key. Afterwards the word stands only where it is said here why it may.
/// </summary>
public sealed class ErasureTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // What stays: the organization's own words and numbers, and what belongs to somebody else.
    private static readonly Dictionary<string, string> stays = new()
    {
        ["customers.profiles.avatar_url"] = "the ward's own, whose guardian was erased",
        ["customers.profiles.bio"] = "the ward's own",
        ["customers.profiles.id_media_url"] = "the ward's own",
        ["billing.credit_transactions.reference"] = "the id of a session or service",
        ["billing.credit_transactions.idempotency_key"] = "a key of the ledger",
        ["billing.invoices.lines"] = "what was sold: an invoice is kept as it was made",
        ["billing.payments.provider"] = "a provider's name",
        ["billing.payments.provider_payment_id"] = "the provider's number, by which books are compared",
        ["billing.payments.idempotency_key"] = "a key of the ledger",
        ["commerce.customer_orders.order_id"] = "the number of the order",
        ["commerce.customer_orders.shipping_country"] = "a country, for tax",
        ["commerce.customer_orders.billing_country"] = "a country, for tax",
        ["commerce.customer_orders.acquisition_channel"] = "the organization's word",
        ["commerce.customer_orders.promotion_code"] = "the organization's code",
        ["commerce.customer_orders.payment_method"] = "a kind of payment",
        ["commerce.customer_orders.payment_status"] = "a state",
        ["commerce.promotion_codes.code"] = "the organization's code",
        ["commerce.promotion_codes.code_key"] = "the organization's code",
        ["commerce.promotion_redemptions.redemption_code"] = "the organization's code",
        ["flags.ab_test_assignments.variant"] = "the organization's word",
        ["giving.donations.wave_transaction_id"] = "the provider's number, by which books are compared",
        ["growth.points_entries.idempotency_key"] = "a key of the ledger",
        ["growth.referrals.invited_email"] = "of the one who was invited, when the sponsor is erased",
        ["growth.referrals.invited_name"] = "of the one who was invited, when the sponsor is erased",
        ["growth.rewards.title"] = "the organization's word",
        ["messaging.campaign_sends.conversion_event"] = "a type of event",
        ["messaging.campaign_sends.variant"] = "the organization's word",
        ["messaging.campaign_sends.external_message_id"] = "the provider's number",
        ["messaging.campaign_sends.service_provider"] = "a provider's name",
    };

    // Values that a table's rules ask for and that cannot be guessed from them.
    internal const string Known = """
        {"analytics.cohort_memberships.period_start_date": "2026-01-01", "analytics.cohort_memberships.period_end_date": "2026-02-01",
         "billing.subscriptions.current_period_end": "2126-01-01",
         "commerce.customer_orders.order_status": "confirmed", "customers.identities.kind": "anonymous_id",
         "commerce.promotion_redemptions.original_order_value": 3, "commerce.promotion_redemptions.discount_amount": 1,
         "commerce.promotion_redemptions.final_order_value": 2, "commerce.promotion_redemptions.validation_errors": null,
         "customers.account_sessions.expires_at": "2126-01-01",
         "customers.password_resets.expires_at": "2126-01-01",
         "giving.pots.birthday_date": "2126-01-10", "giving.pots.scheduled_open_at": "2126-01-01",
         "growth.points_ledger.points_spent": 0, "growth.points_ledger.points_earned": 5,
         "growth.sponsor_contact_batches.start_position": 0, "growth.sponsor_contact_batches.end_position": 50,
         "messaging.reply_windows.phone_number": "+221771234567", "messaging.reply_windows.window_expires_at": "2126-01-01",
         "messaging.messages.channel": "email", "messaging.messages.provider": null}
        """;

    // Builds a row from the catalogue: the marked word in every text and JSON column that takes it, and else what the rules allow.
    internal const string FillRow = """
        create or replace function pg_temp.fill_row(rel regclass, reference name, who uuid, organization uuid, known jsonb) returns jsonb
        language plpgsql as $$
        declare
            a record; doc jsonb := '{}'; checks record; columns text; tries int := 0; bad text; c record; allowed text;
        begin
            for a in select at.attname, t.typname, t.typbasetype, at.atttypid::regtype::text as type, at.attnotnull, d.oid is not null as has_default, at.attnum,
                            (select b.typname from pg_type b where b.oid = coalesce(nullif(t.typbasetype, 0), t.oid)) as base,
                            (select string_agg(pg_get_constraintdef(k.oid), ' ') from pg_constraint k where k.conrelid = rel and k.contype = 'c' and at.attnum = any (k.conkey)) as rule
                     from pg_attribute at join pg_type t on t.oid = at.atttypid left join pg_attrdef d on d.adrelid = rel and d.adnum = at.attnum
                     where at.attrelid = rel and at.attnum > 0 and not at.attisdropped and at.attgenerated = '' and at.attidentity = ''
            loop
                doc := doc || case
                    when a.attname = 'organization_id' then jsonb_build_object(a.attname, organization)
                    when a.attname = reference then jsonb_build_object(a.attname, who)
                    when known ? (rel || '.' || a.attname) then jsonb_build_object(a.attname, known -> (rel || '.' || a.attname))
                    when a.rule ~ ('ANY \(ARRAY\[''[^'']*''::text') and a.base = 'text' and a.rule ~ ('\(\(?' || a.attname || ' = ANY') then jsonb_build_object(a.attname, (regexp_match(a.rule, a.attname || ' = ANY \(\(?ARRAY\[''([^'']*)''::text'))[1])
                    when a.typname = 'email_address' then jsonb_build_object(a.attname, 'anneliese@shop.example')
                    when a.typname = 'currency' then jsonb_build_object(a.attname, 'EUR')
                    when a.typname = 'time_zone' then jsonb_build_object(a.attname, 'Africa/Dakar')
                    when a.base = 'text' and a.attname ~ 'email' then jsonb_build_object(a.attname, 'anneliese@shop.example')
                    when a.base = 'text' and a.attname ~ 'currency' then jsonb_build_object(a.attname, 'XOF')
                    when a.base in ('text', 'varchar', 'bpchar') and not (a.has_default and a.attname ~ 'status|state') then jsonb_build_object(a.attname, 'Anneliese')
                    when a.base = '_text' and not a.has_default then jsonb_build_object(a.attname, array['Anneliese'])
                    when a.base = 'jsonb' and coalesce(a.rule, '') ~ '''array''' then jsonb_build_object(a.attname, jsonb_build_array('Anneliese'))
                    when a.base = 'jsonb' then jsonb_build_object(a.attname, jsonb_build_object('who', 'Anneliese'))
                    when a.has_default then '{}'
                    when not a.attnotnull then '{}'
                    when a.base = 'uuid' then jsonb_build_object(a.attname, gen_random_uuid())
                    when a.base in ('int2', 'int4', 'int8', 'numeric') then jsonb_build_object(a.attname, 1)
                    when a.base = 'bool' then jsonb_build_object(a.attname, true)
                    when a.base = 'bytea' then jsonb_build_object(a.attname, '\x' || repeat('ab', 32))
                    when a.base = 'date' then jsonb_build_object(a.attname, current_date)
                    when a.base = 'timestamptz' then jsonb_build_object(a.attname, now())
                    else '{}' end;
            end loop;
            loop
                begin
                    columns := (select string_agg(quote_ident(k), ', ') from jsonb_object_keys(doc) k);
                    execute format('insert into %1$s (%2$s) select %2$s from jsonb_populate_record(null::%1$s, $1)', rel, columns) using doc;
                    return doc;
                exception when check_violation then
                    get stacked diagnostics bad = constraint_name;
                    tries := tries + 1;
                    if tries > 12 then raise; end if;
                    -- The columns of the rule go back to what they are without being named.
                    for c in select at.attname from pg_constraint k join pg_attribute at on at.attrelid = rel and at.attnum = any (k.conkey) where k.conname = bad and k.conrelid = rel loop
                        if c.attname not in ('organization_id', reference) and not known ? (rel || '.' || c.attname) then doc := doc - c.attname; end if;
                    end loop;
                end;
            end loop;
        end $$;
        """;

    private sealed record Rule(string Relation, string ColumnName, string OnErase, string[] Personal);

    // Past triggers and keys: whether a row may come about is not asked here, only what becomes of it.
    private async Task<Guid> Somebody(NpgsqlConnection superuser, Tenant tenant, List<Rule> rules)
    {
        var workspace = await database.For(tenant).One<Guid>($"select w.id from platform.workspaces w order by w.created_at limit 1", Ct);
        await superuser.Run($"select set_config('clientele.organization_id', '{tenant.OrganizationId}', false), set_config('clientele.access', 'admin', false), set_config('clientele.workspace_id', '{workspace}', false)");
        await superuser.Run("set session_replication_role = replica");
        var person = Guid.NewGuid();
        await superuser.Run($"insert into customers.customers (organization_id, id, customer_id, name, email) values ('{tenant.OrganizationId}', '{person}', 'Anneliese', 'Anneliese', 'anneliese@shop.example')");
        foreach (var rule in rules)
        {
            await superuser.Run($"""
                select pg_temp.fill_row('{rule.Relation}', '{rule.ColumnName}', '{person}', '{tenant.OrganizationId}', '{Known}'::jsonb
                    || jsonb_build_object('{rule.Relation}.workspace_id', '{workspace}', 'growth.referrals.invited_phone', null, 'growth.referrals.referral_code', substr(md5('{rule.ColumnName}{person}'), 1, 8),
                        '{rule.Relation}.token_hash', repeat(md5('{person}'), 2)))
                """);
        }
        await superuser.Run($"""
            insert into events.quarantined_events (organization_id, reason, payload) values ('{tenant.OrganizationId}', 'invalid', jsonb_build_object('traits', jsonb_build_array('x', 'ANNELIESE@shop.example')));
            insert into events.quarantined_events (organization_id, reason, payload) values ('{tenant.OrganizationId}', 'invalid', jsonb_build_object('note', 'about annelieses cousin'));
            insert into platform.activity_logs (organization_id, activity_type, resource_type, resource_id, resource_name, old_values, new_values)
                values ('{tenant.OrganizationId}', 'update', 'customer', '{person}', 'Anneliese', jsonb_build_object('name', 'Anne'), jsonb_build_object('name', 'Anneliese')),
                       ('{tenant.OrganizationId}', 'update', 'addresses', 'x', null, null, jsonb_build_object('customer_id', '{person}', 'street', 'Rue Anneliese'));
            insert into platform.imports (organization_id, workspace_id, kind, file_name) values ('{tenant.OrganizationId}', '{workspace}', 'orders', 'x.csv');
            insert into platform.import_rejects (organization_id, import_id, line, reason, fields) select i.organization_id, i.id, 1, 'no date', array['17', 'Anneliese'] from platform.imports i where i.organization_id = '{tenant.OrganizationId}';
            insert into billing.refunds (organization_id, payment_id, amount, description) select p.organization_id, p.id, 1, 'Anneliese was not there' from billing.payments p where p.customer_id = '{person}';
            insert into giving.refunds (organization_id, donation_id, amount_cfa, reason, reason_description) select d.organization_id, d.id, 1, 'fraud', 'not Anneliese' from giving.donations d where d.donor_id = '{person}'
            """);
        await superuser.Run("set session_replication_role = origin");
        return person;
    }

    // Where a tenant's rows still have the word, and in how many rows of each column.
    private static async Task<SortedDictionary<string, long>> Marked(NpgsqlConnection superuser, Tenant tenant)
    {
        var columns = new List<(string Table, string Column)>();
        await using (var command = new NpgsqlCommand("""
            select c.oid::regclass::text, a.attname
            from pg_class c
            join pg_namespace n on n.oid = c.relnamespace
            join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            join pg_type t on t.oid = a.atttypid
            where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^(pg_|information_schema)'
              and exists (select from pg_attribute o where o.attrelid = c.oid and o.attname = 'organization_id')
              and (t.typcategory = 'S' or t.typname = 'jsonb' or (t.typcategory = 'A' and t.typname = '_text'))
            """, superuser))
        await using (var reader = await command.ExecuteReaderAsync(Ct))
            while (await reader.ReadAsync(Ct)) columns.Add((reader.GetString(0), reader.GetString(1)));
        var found = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var table in columns.GroupBy(c => c.Table))
        {
            var counts = string.Join(", ", table.Select(c => $"count(*) filter (where x.\"{c.Column}\"::text ~* 'anneliese(@|\"|\\M)')"));
            await using var count = new NpgsqlCommand($"select {counts} from {table.Key} x where x.organization_id = '{tenant.OrganizationId}'", superuser);
            await using var reader = await count.ExecuteReaderAsync(Ct);
            await reader.ReadAsync(Ct);
            foreach (var (column, i) in table.Select((c, i) => (c.Column, i)))
                if (reader.GetInt64(i) > 0) found[$"{table.Key}.{column}"] = reader.GetInt64(i);
        }
        return found;
    }

    [Fact]
    public async Task Defect_058_102_Of_a_row_in_everything_registered_nothing_personal_is_left()
    {
        var rules = await database.Service.List<Rule>($"""
            select r.relation, r.column_name, r.on_erase, r.personal from customers.reference_rules r
            where r.on_merge <> 'derived' and r.relation <> 'customers.merges' order by r.relation, r.column_name
            """, Ct);
        Assert.True(rules.Count >= 30, $"{rules.Count}");
        await using var superuser = await database.OpenSuperuser();
        await superuser.Run(FillRow);
        var person = await Somebody(superuser, database.Alpha, rules);
        await Somebody(superuser, database.Beta, rules);
        var (before, theirs) = (await Marked(superuser, database.Alpha), await Marked(superuser, database.Beta));
        // Each table has a row of the person, and what is declared personal is text that had the word, but for types that cannot.
        foreach (var rule in rules) Assert.Equal(1, await Rows(superuser, rule, person));
        Assert.All(rules.Where(r => r.Personal.Length > 0), r => Assert.Contains(r.Personal, p => before.ContainsKey($"{r.Relation}.{p}")));

        await database.For(database.Alpha with { Access = Access.Admin }).Run($"select customers.erase({person})", Ct);

        var after = await Marked(superuser, database.Alpha);
        Assert.Empty(after.Keys.Except(stays.Keys));
        // The list of what stays is no longer than it must be.
        Assert.Empty(stays.Keys.Except(after.Keys));
        foreach (var rule in rules) Assert.Equal((rule, rule.OnErase == "keep" ? 1 : 0), (rule, await Rows(superuser, rule, person)));
        Assert.Equal(1, await database.Db.One<long>($"select count(*) from events.quarantined_events q", Ct));
        Assert.Equal(2, await database.Service.One<long>($"select count(*) from platform.activity_logs a where a.organization_id = {database.Alpha.OrganizationId} and a.old_values is null and a.new_values is null and a.resource_type in ('customer', 'addresses')", Ct));
        Assert.Equal(theirs, await Marked(superuser, database.Beta));
    }

    [Fact]
    public async Task Only_an_administrator_blanks_the_words_beside_an_entry_and_nobody_the_entry()
    {
        var person = await database.Db.One<Guid>($"insert into customers.customers (customer_id) values ({Guid.NewGuid().ToString("N")}) returning id", Ct);
        await database.Db.Run($"insert into growth.points_entries (customer_id, amount, idempotency_key, description) values ({person}, 5, {Guid.NewGuid().ToString("N")}, 'for Anne')", Ct);
        var (admin, member) = (database.For(database.Alpha with { Access = Access.Admin }), database.For(database.Alpha with { Access = Access.Member }));
        foreach (var (db, change, state) in new (Db, string, string)[]
        {
            (member, "description = null", "CL004"), (admin, "description = 'for Bob'", "CL004"), (admin, "amount = 6", "42501"), (admin, "balance = 6, description = null", "42501"),
        })
            Assert.Equal(state, (await Assert.ThrowsAsync<PostgresException>(() => db.Run($"update growth.points_entries set {Sql.Composed(change)} where customer_id = {person}", Ct))).SqlState);
        Assert.Equal(0, await database.For(database.Beta with { Access = Access.Admin }).Run($"update growth.points_entries set description = null where customer_id = {person}", Ct));
        Assert.Equal(1, await admin.Run($"update growth.points_entries set description = null where customer_id = {person}", Ct));
        Assert.Equal(5, await database.Db.One<long>($"select e.balance from growth.points_entries e where e.customer_id = {person} and e.description is null", Ct));
    }

    private static async Task<long> Rows(NpgsqlConnection superuser, Rule rule, Guid person)
    {
        await using var command = new NpgsqlCommand($"select count(*) from {rule.Relation} x where x.{rule.ColumnName} = '{person}'", superuser);
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }
}
