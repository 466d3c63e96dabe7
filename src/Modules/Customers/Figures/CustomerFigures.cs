using Clientele.Platform.Data;
using Clientele.Platform.Log;

namespace Clientele.Customers.Figures;

/// <summary>
/// Follows the log and keeps what is counted about each person. A range's events are added; an undone import, a merge or an
/// undone merge makes the figures of those it concerns be counted anew, up to the range's end.
/// </summary>
internal sealed class CustomerFigures : ILogConsumer
{
    public string Name => "customers.figures";

    public int BatchSize => 20_000;

    // What one event of the log adds, in one place for both ways of counting.
    private static Sql Sums => Sql.Raw("""
        count(*) filter (where e.event_type = 'order_completed'),
        coalesce(sum(e.event_value) filter (where e.event_type = 'order_completed'), 0),
        coalesce(-sum(e.event_value) filter (where e.event_type = 'order_refunded'), 0),
        count(*) filter (where e.event_type = 'session_started'),
        count(*) filter (where e.event_type = 'page_view'),
        min(e.occurred_at) filter (where e.event_type = 'order_completed'),
        max(e.occurred_at) filter (where e.event_type = 'order_completed'),
        -- To the minute: what somebody does within one changes no row, and no index.
        date_bin('1 minute', max(e.occurred_at), 'epoch')
        """);

    // What became of an order, or of the person's profiles, is nothing they did.
    private static Sql TheyDid => Sql.Raw("coalesce(e.event_category not in ('control', 'state'), true)");

    // Whoever may write events may write one that only looks like a control event: what is no id is nobody.
    private static Sql Id(string expression) => Sql.Composed($"(case when {expression} ~ '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$' then ({expression})::uuid end)");

    private static Sql Columns => Sql.Raw("""
        organization_id, customer_id, total_orders, total_revenue, total_refunds, total_sessions, total_page_views, first_order_at, last_order_at, last_seen_at
        """);

    public async Task Apply(Transaction transaction, LogRange range, CancellationToken ct)
    {
        // What a merged profile did counts for the person it is now.
        await transaction.Run($"""
            with range as materialized (
                select e.organization_id, e.customer_id, e.event_type, e.event_value, e.occurred_at
                from log.events e
                where {range.Contains("e")} and e.customer_id is not null and {TheyDid}
            ), counted ({Columns}) as (
                select c.organization_id, c.id, {Sums}
                from range e
                left join customers.person_map m on m.organization_id = e.organization_id and m.profile_id = e.customer_id
                join customers.customers c on c.organization_id = e.organization_id and c.id = coalesce(m.person_id, e.customer_id)
                group by c.organization_id, c.id
            )
            insert into customers.customer_figures as f ({Columns})
            select n.*
            from counted n
            left join customers.customer_figures o on o.organization_id = n.organization_id and o.customer_id = n.customer_id
            where o.last_seen_at is null or n.last_seen_at > o.last_seen_at or n.total_orders + n.total_sessions + n.total_page_views > 0 or n.total_refunds <> 0
            order by n.organization_id, n.customer_id
            on conflict (organization_id, customer_id) do update set
                total_orders = f.total_orders + excluded.total_orders,
                total_revenue = f.total_revenue + excluded.total_revenue,
                total_refunds = f.total_refunds + excluded.total_refunds,
                total_sessions = f.total_sessions + excluded.total_sessions,
                total_page_views = f.total_page_views + excluded.total_page_views,
                first_order_at = least(f.first_order_at, excluded.first_order_at),
                last_order_at = greatest(f.last_order_at, excluded.last_order_at),
                last_seen_at = greatest(f.last_seen_at, excluded.last_seen_at)
            """, ct);
        await RecountWhoChanged(transaction, range, ct);
    }

    public async Task Reset(Transaction transaction, CancellationToken ct)
    {
        await transaction.Run($"delete from customers.customer_figures", ct);
        await transaction.Run($"""
            insert into customers.customer_figures (organization_id, customer_id, last_seen_at) select c.organization_id, c.id, c.first_seen_at from customers.customers c
            """, ct);
    }

    /// <summary>Undone imports, merges and undone merges: what their people did is counted anew, up to the range's end.</summary>
    private static async Task RecountWhoChanged(Transaction transaction, LogRange range, CancellationToken ct)
    {
        var changed = (Sql)$"""
            select e.organization_id, e.event_type, e.properties
            from log.events e
            where {range.Contains("e")} and e.event_category = 'control' and e.event_type in ('import_undone', 'customers_merged', 'merge_undone')
            """;
        if (await transaction.One<long>($"select count(*) from ({changed}) as c", ct) == 0) return;
        var upToHere = new LogRange(new LogPoint(0, 0, 0), range.To, 0);
        await transaction.Run($"""
            with changed as materialized ({changed}), touched as materialized (
                -- Profiles, then the persons they are now: both get figures, those of a merged profile being nothing.
                select p.organization_id, p.profile_id from (
                    select e.organization_id, e.customer_id as profile_id
                    from changed c
                    join log.events e on e.organization_id = c.organization_id and e.batch_id = {Id("c.properties ->> 'batchId'")}
                    where c.event_type = 'import_undone' and e.customer_id is not null
                    union
                    select c.organization_id, unnest(array[{Id("c.properties ->> 'survivor'")}, {Id("c.properties ->> 'merged'")}]
                        || array(select {Id("f.id")} from jsonb_array_elements_text(case jsonb_typeof(c.properties -> 'followers') when 'array' then c.properties -> 'followers' else '[]' end) as f (id)))
                    from changed c
                    where c.event_type <> 'import_undone'
                ) as p
            ), people as materialized (
                select t.organization_id, t.profile_id as id from touched t
                union
                select m.organization_id, m.person_id from touched t join customers.person_map m on m.organization_id = t.organization_id and m.profile_id = t.profile_id
            ), profiles as (
                select p.organization_id, p.id as person_id, p.id as profile_id from people p
                where not exists (select from customers.person_map m where m.organization_id = p.organization_id and m.profile_id = p.id)
                union all
                select m.organization_id, m.person_id, m.profile_id from people p join customers.person_map m on m.organization_id = p.organization_id and m.person_id = p.id
            ), counted as (
                select e.organization_id, p.person_id as customer_id, {Sums}
                from profiles p
                join log.facts e on e.organization_id = p.organization_id and e.customer_id = p.profile_id
                where {upToHere.Contains("e")} and {TheyDid}
                group by e.organization_id, p.person_id
            )
            insert into customers.customer_figures as f ({Columns})
            select c.organization_id, c.id, coalesce(n.orders, 0), coalesce(n.revenue, 0), coalesce(n.refunds, 0), coalesce(n.sessions, 0), coalesce(n.page_views, 0),
                   n.first_order, n.last_order, coalesce(n.seen, c.first_seen_at)
            from people p
            join customers.customers c on c.organization_id = p.organization_id and c.id = p.id
            left join counted as n (organization_id, customer_id, orders, revenue, refunds, sessions, page_views, first_order, last_order, seen)
                on n.organization_id = c.organization_id and n.customer_id = c.id
            order by c.organization_id, c.id
            on conflict (organization_id, customer_id) do update set
                total_orders = excluded.total_orders, total_revenue = excluded.total_revenue, total_refunds = excluded.total_refunds,
                total_sessions = excluded.total_sessions, total_page_views = excluded.total_page_views,
                first_order_at = excluded.first_order_at, last_order_at = excluded.last_order_at, last_seen_at = excluded.last_seen_at
            """, ct);
    }
}
