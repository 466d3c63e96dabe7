using Clientele.Platform.Data;
using Clientele.Platform.Log;

namespace Clientele.Customers.Figures;

/// <summary>
/// Follows the log and keeps what is counted about each customer. A range's events are added; an undone import makes
/// its customers' figures be counted anew from what is left, up to the range's end.
/// </summary>
internal sealed class CustomerFigures : ILogConsumer
{
    public string Name => "customers.figures";

    // What one event of the log adds, in one place for both ways of counting.
    private static Sql Sums => Sql.Raw("""
        count(*) filter (where e.event_type = 'order_completed'),
        coalesce(sum(e.event_value) filter (where e.event_type = 'order_completed'), 0),
        coalesce(-sum(e.event_value) filter (where e.event_type = 'order_refunded'), 0),
        count(*) filter (where e.event_type = 'session_started'),
        count(*) filter (where e.event_type = 'page_view'),
        min(e.occurred_at) filter (where e.event_type = 'order_completed'),
        max(e.occurred_at) filter (where e.event_type = 'order_completed'),
        max(e.occurred_at)
        """);

    private static Sql Columns => Sql.Raw("""
        organization_id, customer_id, total_orders, total_revenue, total_refunds, total_sessions, total_page_views, first_order_at, last_order_at, last_seen_at
        """);

    public async Task Apply(Transaction transaction, LogRange range, CancellationToken ct)
    {
        await transaction.Run($"""
            with range as materialized (
                select e.organization_id, e.customer_id, e.event_type, e.event_value, e.occurred_at
                from log.events e
                where {range.Contains("e")} and e.customer_id is not null
            )
            insert into customers.customer_figures as f ({Columns})
            select e.organization_id, e.customer_id, {Sums}
            from range e
            join customers.customers c on c.organization_id = e.organization_id and c.id = e.customer_id
            group by e.organization_id, e.customer_id
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
        var undone = await transaction.List<Guid>($"""
            select (e.properties ->> 'batchId')::uuid from log.events e where {range.Contains("e")} and e.event_type = 'import_undone'
            """, ct);
        if (undone.Count > 0) await Recount(transaction, [.. undone], range, ct);
    }

    public async Task Reset(Transaction transaction, CancellationToken ct) => await transaction.Run($"delete from customers.customer_figures", ct);

    private static async Task Recount(Transaction transaction, Guid[] batches, LogRange range, CancellationToken ct)
    {
        var touched = (Sql)$"""
            select distinct e.organization_id, e.customer_id
            from log.undone_batches b
            join log.events e on e.organization_id = b.organization_id and e.batch_id = b.batch_id
            where b.batch_id = any({batches}) and e.customer_id is not null
            """;
        await transaction.Run($"""
            delete from customers.customer_figures f using ({touched}) as t
            where f.organization_id = t.organization_id and f.customer_id = t.customer_id
            """, ct);
        var upToHere = new LogRange(new LogPoint(0, 0, 0), range.To, 0);
        await transaction.Run($"""
            insert into customers.customer_figures ({Columns})
            select e.organization_id, e.customer_id, {Sums}
            from ({touched}) as t
            join customers.customers c on c.organization_id = t.organization_id and c.id = t.customer_id
            join log.facts e on e.organization_id = t.organization_id and e.customer_id = t.customer_id
            where {upToHere.Contains("e")}
            group by e.organization_id, e.customer_id
            """, ct);
    }
}
