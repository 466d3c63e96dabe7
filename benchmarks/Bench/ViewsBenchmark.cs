using System.Diagnostics;
using Clientele.Platform.Data;
using Clientele.Platform.Migrations;
using Clientele.Server;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Clientele.Bench;

/// <summary>
/// What it costs to read through a blueprint's view: a page of 10,000 rows, against the same answer written over the module's
/// tables, under row-level security, whole rows sent to the client. Then an empty database's migrations, and a clone of it.
/// </summary>
internal static class ViewsBenchmark
{
    private const int Rows = 40_000;
    private const int Events = 200_000;
    private const int Page = 10_000;
    private const int Runs = 15;

    private sealed record Reading(string Name, string Through, string Table);

    private static readonly Reading[] readings =
    [
        new("cdp.customer_orders", $"select * from cdp.customer_orders o order by o.ordered_at desc limit {Page}", $"""
            select o.id, o.order_id, o.customer_id, o.order_status, o.order_total, o.currency, o.subtotal, o.tax_amount, o.shipping_amount, o.discount_amount,
                   o.ordered_at, o.confirmed_at, o.shipped_at, o.delivered_at, o.cancelled_at, o.shipping_country, o.shipping_state, o.shipping_city,
                   o.billing_country, o.billing_state, o.billing_city, o.acquisition_channel, o.campaign_id, o.promotion_code, o.payment_method, o.payment_status,
                   o.customer_id is not null and o.order_status <> 'cancelled' and not exists (
                       select from commerce.customer_orders e
                       where e.organization_id = o.organization_id and e.customer_id = o.customer_id and e.kind = 'order' and e.order_status <> 'cancelled'
                       and e.ordered_at <= o.ordered_at and (e.ordered_at, e.id) < (o.ordered_at, o.id)),
                   o.is_subscription, o.subscription_id, o.order_source, o.notes, o.custom_fields, o.created_at, o.updated_at, o.workspace_id, o.exchange_rate
            from commerce.customer_orders o where o.kind = 'order' order by o.ordered_at desc limit {Page}
            """),
        new("cdp.customers", $"select * from cdp.customers c order by c.first_seen_at desc, c.id limit {Page}", $"""
            select c.id, c.customer_id, c.email, c.phone, c.name, c.date_of_birth, c.gender, customers.age_group(c.date_of_birth), c.country, c.state, c.city, c.postal_code, c.timezone,
                   c.customer_type, c.customer_status, c.lifecycle_stage, c.first_seen_at, f.last_seen_at, c.activated_at, c.churned_at,
                   c.acquisition_channel, c.acquisition_campaign, c.acquisition_source, c.referrer_url, c.utm_parameters,
                   coalesce(t.total_orders, 0), coalesce(t.total_revenue, 0), coalesce(t.average_order_value, 0), coalesce(t.lifetime_value, 0),
                   (now() at time zone 'UTC')::date - (t.last_order_at at time zone 'UTC')::date, coalesce(f.total_sessions, 0), coalesce(f.total_page_views, 0),
                   c.engagement_score, c.churn_risk_score, c.custom_attributes, c.tags, c.data_source, c.external_ids, c.created_at, c.updated_at, c.imported_at, t.last_calculated_at
            from customers.customers c
            left join customers.customer_figures f on f.organization_id = c.organization_id and f.customer_id = c.id
            left join commerce.customer_totals t on t.organization_id = c.organization_id and t.customer_id = c.id
            order by c.first_seen_at desc, c.id limit {Page}
            """),
        new("wolo.users", $"select * from wolo.users u order by u.created_at desc, u.id limit {Page}", $"""
            select a.customer_id, a.phone, a.email, a.auth_provider, a.roles, a.is_active, a.created_at, a.updated_at, a.last_login_at
            from customers.accounts a order by a.created_at desc, a.customer_id limit {Page}
            """),
        new("assistant.customer_sessions", $"select * from assistant.customer_sessions s order by s.started_at desc, s.id limit {Page}", $"""
            select v.id, v.workspace_id, v.session_id, v.user_identifier, v.started_at, v.last_activity_at, v.ip_address, v.user_agent, v.metadata, v.expires_at <= now()
            from customers.visits v order by v.started_at desc, v.id limit {Page}
            """),
        new("jyotiflow.users", $"select * from jyotiflow.users u order by u.first_seen_at desc, u.id limit {Page}", $"""
            select c.id, c.customer_id, c.email, c.phone, c.name, c.date_of_birth, c.gender, c.country, c.city, c.timezone, c.customer_status, c.first_seen_at, c.custom_attributes,
                   c.tags, c.created_at, c.updated_at
            from customers.customers c order by c.first_seen_at desc, c.id limit {Page}
            """),
        // The same answer: who somebody is now, and nothing of what was undone.
        new(TypedView, $"select * from {TypedView} e order by e.occurred_at desc limit {Page}", $"""
            select {TypedColumns} from log.events f
            left join customers.customers c on c.organization_id = f.organization_id and c.id = f.customer_id
            where f.event_type = any ({TypedTypes}) and not exists (select from log.undone_batches b where b.organization_id = f.organization_id and b.batch_id = f.batch_id)
            order by f.occurred_at desc limit {Page}
            """),
    ];

    // No figure, but told: what resolving people and leaving out what was undone costs over the bare log.
    private static readonly Reading bareLog = new($"{TypedView} against the bare log", $"select * from {TypedView} e order by e.occurred_at desc limit {Page}", $"""
        select {BareColumns} from log.events f where f.event_type = any ({TypedTypes}) order by f.occurred_at desc limit {Page}
        """);

    // Filled in from the view's own definition: its columns, read from the log without the view around it.
    private const string TypedView = "pocm.search_events";
    private const string TypedColumns = "{columns}";
    private const string BareColumns = "{bare}";
    private const string TypedTypes = "{types}";

    public static async Task<IReadOnlyList<Figure>> Run(string[] args, CancellationToken ct)
    {
        if (args.Length > 0) throw new SetupException("views takes no options.");
        await using var home = await BenchHome.Start(ct);
        await Fill(home, ct);
        var typed = await Typed(home, ct);
        var worst = 0.0;
        foreach (var reading in readings.Append(bareLog))
        {
            var (view, table) = await Compare(home, reading with { Table = typed(reading.Table) }, ct);
            if (reading != bareLog) worst = Math.Max(worst, view / table);
            Table.Row(reading.Name, $"{view / table:0.00} x", System.FormattableString.Invariant($"{view:0.0} ms through the view, {table:0.0} ms from the tables; median of {Runs}"));
        }
        var (migrate, clone) = await Databases(home, ct);
        Table.Row("migrations of an empty database", $"{migrate:0.00} s");
        Table.Row("clone of it", $"{clone:0.00} s");
        return
        [
            new Figure("view_ratio", worst, "x", 1.1, 1.02),
            new Figure("migrate_seconds", migrate, "s", 3, 1.5),
            new Figure("clone_seconds", clone, "s", 0.5, 0.2),
        ];
    }

    private static async Task Fill(BenchHome home, CancellationToken ct)
    {
        var db = new Db(home.Databases.Application, home.Tenant);
        await db.Run($"""
            insert into customers.customers (id, customer_id, email, name, country, date_of_birth, first_seen_at)
            select md5('c' || i)::uuid, 'c' || i, 'c' || i || '@example.com', 'Customer ' || i, 'France', date '1970-01-01' + i % 12000, now() - make_interval(mins => i)
            from generate_series(1, {Rows}) as i
            """, ct);
        await db.Run($"""
            insert into commerce.customer_orders (order_id, customer_id, order_status, order_total, subtotal, currency, ordered_at, order_source, shipping_country)
            select 'o' || i, md5('c' || 1 + i % 20000)::uuid, 'delivered', 20, 20, 'EUR', now() - make_interval(mins => i), 'website', 'France'
            from generate_series(1, {Rows}) as i
            """, ct);
        await db.Run($"""
            insert into log.events (event_type, event_name, event_category, customer_id, properties, occurred_at, data_source)
            select case i % 4 when 0 then 'page_view' else 'products_searched' end, 'x', 'engagement', md5('c' || 1 + i % 20000)::uuid,
                   jsonb_build_object('query', 'patch ' || i % 500, 'results', i % 90, 'page', 1), now() - make_interval(mins => i), 'bench'
            from generate_series(1, {Events}) as i
            """, ct);
        await db.Run($"""
            insert into customers.accounts (customer_id, email, created_at)
            select md5('c' || i)::uuid, 'c' || i || '@example.com', now() - make_interval(mins => i)
            from generate_series(1, {Rows}) as i
            """, ct);
        await db.Run($"""
            insert into customers.visits (workspace_id, session_id, user_identifier, started_at, user_agent)
            select (select w.id from platform.workspaces w), 's' || i, 'u' || i % 5000, now() - make_interval(mins => i), 'Mozilla/5.0'
            from generate_series(1, {Rows}) as i
            """, ct);
        // One person in twenty was known under another profile before.
        await db.Run($"""
            insert into customers.person_map (profile_id, person_id)
            select md5('c' || i)::uuid, md5('c' || i + 1)::uuid from generate_series(1, 20000, 20) as i
            """, ct);
        await home.Superuser.Run($"analyze", ct);
    }

    private static async Task<Func<string, string>> Typed(BenchHome home, CancellationToken ct)
    {
        var definition = await home.Superuser.One<string>($"select pg_get_viewdef({TypedView}::regclass)", ct);
        var from = definition.LastIndexOf("FROM events.facts f", StringComparison.Ordinal);
        var (columns, where) = (definition[(definition.IndexOf("SELECT", StringComparison.Ordinal) + 6)..from], definition[from..]);
        var types = where.Contains("ANY (", StringComparison.Ordinal) ? where.Split("ANY (")[1].Split("))")[0] : $"array[{where.Split("= ")[1].Split(')')[0]}]";
        // profile_id is the log's customer_id, and the customer's row says which person that is.
        var bare = columns.Replace("f.profile_id", "f.customer_id as profile_id", StringComparison.Ordinal);
        return sql => sql.Replace(TypedColumns, bare.Replace("f.customer_id,", "c.person_id as customer_id,", StringComparison.Ordinal), StringComparison.Ordinal)
            .Replace(BareColumns, bare, StringComparison.Ordinal).Replace(TypedTypes, types, StringComparison.Ordinal);
    }

    private static async Task<(double View, double Table)> Compare(BenchHome home, Reading reading, CancellationToken ct)
    {
        var (view, table) = (new List<double>(), new List<double>());
        var db = new Db(home.Databases.Application, home.Tenant);
        // In turns, so that whatever else the machine does falls on both.
        for (var run = -3; run < Runs; run++)
        {
            var (through, direct) = (await Time(db, reading.Through, ct), await Time(db, reading.Table, ct));
            if (run < 0) continue;
            view.Add(through);
            table.Add(direct);
        }
        return (Table.Percentile(view, 0.5), Table.Percentile(table, 0.5));
    }

    private static Task<double> Time(Db db, string query, CancellationToken ct) => db.InTransaction(async t =>
    {
        await using var command = new NpgsqlCommand(query, t.Connection);
        var watch = Stopwatch.StartNew();
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = 0;
        while (await reader.ReadAsync(ct)) rows++;
        return rows == Page ? watch.Elapsed.TotalMilliseconds : throw new SetupException($"{rows} rows instead of {Page}: {query}");
    }, ct);

    private static async Task<(double Migrate, double Clone)> Databases(BenchHome home, CancellationToken ct)
    {
        var login = await Provisioner.CreateLogin(home.Server, "empty", "clientele", Guid.NewGuid().ToString("N"), ct);
        await Provisioner.Provision(login, ct);
        var watch = Stopwatch.StartNew();
        await using (var databases = new Databases(login)) await new Migrator(databases, Modules.All, NullLogger<Migrator>.Instance).Migrate(ct);
        var migrate = watch.Elapsed.TotalSeconds;

        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(home.Server) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(ct);
        var clones = new List<double>();
        for (var run = 0; run < 5; run++)
        {
            await using var clone = new NpgsqlCommand($"create database clone_{run} template empty strategy file_copy", connection);
            watch.Restart();
            await clone.ExecuteNonQueryAsync(ct);
            clones.Add(watch.Elapsed.TotalSeconds);
        }
        return (migrate, Table.Percentile(clones, 0.5));
    }
}
