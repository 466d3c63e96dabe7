using Clientele.Platform.Data;

namespace Clientele.Commerce;

/// <summary>A sales document about to be recorded. Its amounts are the sums of its lines.</summary>
/// <param name="Number">What the shop calls it; unique in the workspace.</param>
public sealed record NewOrder(string Number, DateTimeOffset OrderedAt, IReadOnlyList<NewOrderLine> Lines)
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>Of the fact in the log.</summary>
    public Guid EventId { get; init; } = Guid.CreateVersion7();

    /// <summary><c>order</c>, <c>refund</c> (negative) or <c>adjustment</c>.</summary>
    public string Kind { get; init; } = "order";

    /// <summary><c>pending</c>, <c>confirmed</c>, <c>shipped</c>, <c>delivered</c>, <c>cancelled</c> or <c>refunded</c>.</summary>
    public string Status { get; init; } = "confirmed";

    /// <summary>The order a refund refunds, where it is known.</summary>
    public Guid? RefundsOrder { get; init; }

    /// <summary>Null: an anonymous order.</summary>
    public Guid? CustomerId { get; init; }

    /// <summary>ISO 4217; null: the organization's own.</summary>
    public string? Currency { get; init; }

    /// <summary>One unit of the currency in the organization's.</summary>
    public decimal ExchangeRate { get; init; } = 1;
    public DateTimeOffset? ShippedAt { get; init; }
    public DateTimeOffset? DeliveredAt { get; init; }
    public DateTimeOffset? CancelledAt { get; init; }
    public string? Country { get; init; }
    public string? City { get; init; }
    public string? AcquisitionChannel { get; init; }
    public string? PromotionCode { get; init; }
    public string? PaymentMethod { get; init; }
    public string? PaymentStatus { get; init; }
    public string? SessionId { get; init; }

    /// <summary><c>api</c>, <c>import</c>, <c>demo</c>.</summary>
    public string Source { get; init; } = "api";
}

/// <param name="UnitPrice">Up to six decimals.</param>
/// <param name="Quantity">Negative for goods that come back.</param>
/// <param name="Discount">Taken off the line, not of one piece.</param>
public sealed record NewOrderLine(string ProductId, string ProductName, string? Category, decimal UnitPrice, int Quantity, decimal Discount = 0)
{
    /// <summary>What the line adds to its order.</summary>
    public decimal Total => Math.Round(UnitPrice * Quantity, 2, MidpointRounding.AwayFromZero) - Discount;
}

/// <summary>What other modules may do with orders.</summary>
public static class OrderBook
{
    private sealed record OrderedLine(Guid OrderId, NewOrderLine Line);

    /// <summary>
    /// Records documents, their lines and the fact of each in the log (order_completed, order_placed, order_refunded,
    /// order_adjusted) in one statement, for the transaction's organization and workspace. The rules are those of
    /// commerce.write_staged_orders.
    /// </summary>
    /// <returns>How many documents were recorded.</returns>
    public static async Task<long> RecordOrders(Transaction transaction, IReadOnlyList<NewOrder> orders, CancellationToken ct)
    {
        if (orders.Count == 0) return 0;
        return await transaction.One<long>($"""
            with document as materialized (
                {Documents(orders)}
            ), line as materialized (
                {Lines(orders)}
            ), sum as (
                select l.order_id, sum(l.total) as total, count(*) as lines, sum(l.quantity) as quantity from line l group by l.order_id
            ), written as (
                insert into commerce.customer_orders (
                    organization_id, id, workspace_id, order_id, kind, order_status, refunds_order, customer_id, order_total, subtotal, currency,
                    exchange_rate, ordered_at, shipped_at, delivered_at, cancelled_at, shipping_country, shipping_city, acquisition_channel,
                    promotion_code, payment_method, payment_status, order_source, event_id)
                select platform.organization(), d.id, platform.workspace(), d.number, d.kind, d.status, d.refunds_order, d.customer_id, s.total, s.total,
                       d.currency, d.exchange_rate, d.ordered_at, d.shipped_at, d.delivered_at, d.cancelled_at, d.country, d.city, d.channel,
                       d.promotion, d.payment_method, d.payment_status, d.source, d.event_id
                from document d
                join sum s on s.order_id = d.id
                returning id, base_total
            ), items as (
                insert into commerce.customer_order_items (
                    organization_id, order_id, line_type, product_id, product_name, product_category, unit_price, quantity, discount_amount,
                    total_price, sold_at, sold_country, base_total)
                select platform.organization(), d.id, t.line_type, l.product_id, l.product_name, l.category, l.unit_price, l.quantity, l.discount, l.total,
                       case when t.line_type = 'sale' and commerce.counts_as_sale(d.kind, d.status) then d.ordered_at end,
                       case when t.line_type = 'sale' and commerce.counts_as_sale(d.kind, d.status) then d.country end,
                       round(l.total * d.exchange_rate, 2)
                from line l
                join document d on d.id = l.order_id
                cross join lateral (
                    select commerce.line_type(d.kind, l.quantity, l.unit_price) as line_type
                ) as t
            ), facts as (
                insert into log.events (
                    organization_id, id, workspace_id, event_type, event_name, event_category, properties, event_value, currency, customer_id,
                    session_id, country, city, occurred_at, claimed_at, data_source)
                select platform.organization(), d.event_id, platform.workspace(), f.event_type, f.event_name, 'transaction',
                       jsonb_build_object('order_id', d.number, 'status', d.status, 'lines', s.lines, 'quantity', s.quantity),
                       w.base_total, d.base_currency, d.customer_id, d.session_id, d.country, d.city,
                       log.moment(d.ordered_at), nullif(d.ordered_at, log.moment(d.ordered_at)), d.source
                from document d
                join written w on w.id = d.id
                join sum s on s.order_id = d.id
                cross join lateral (
                    select commerce.fact_of(d.kind, d.status) as event_type
                ) as t1
                cross join lateral (
                    select t1.event_type, upper(left(t1.event_type, 1)) || replace(substr(t1.event_type, 2), '_', ' ')
                ) as f (event_type, event_name)
            )
            select count(*) from written
            """, ct);
    }

    private static Sql Documents(IReadOnlyList<NewOrder> orders)
    {
        T[] Column<T>(Func<NewOrder, T> of) => [.. orders.Select(of)];
        return $"""
            select n.id, n.event_id, n.number, n.kind, n.status, n.refunds_order, n.customer_id, coalesce(n.currency, o.currency) as currency,
                   o.currency as base_currency, n.exchange_rate, n.ordered_at, n.shipped_at, n.delivered_at, n.cancelled_at, n.country, n.city,
                   n.channel, n.promotion, n.payment_method, n.payment_status, n.session_id, n.source
            from unnest(
                {Column(o => o.Id)}, {Column(o => o.EventId)}, {Column(o => o.Number)}, {Column(o => o.Kind)}, {Column(o => o.Status)},
                {Column(o => o.RefundsOrder)}, {Column(o => o.CustomerId)}, {Column(o => o.Currency)}, {Column(o => o.ExchangeRate)},
                {Column(o => o.OrderedAt)}, {Column(o => o.ShippedAt)}, {Column(o => o.DeliveredAt)}, {Column(o => o.CancelledAt)},
                {Column(o => o.Country)}, {Column(o => o.City)}, {Column(o => o.AcquisitionChannel)}, {Column(o => o.PromotionCode)},
                {Column(o => o.PaymentMethod)}, {Column(o => o.PaymentStatus)}, {Column(o => o.SessionId)}, {Column(o => o.Source)}
            ) as n (id, event_id, number, kind, status, refunds_order, customer_id, currency, exchange_rate, ordered_at, shipped_at,
                    delivered_at, cancelled_at, country, city, channel, promotion, payment_method, payment_status, session_id, source)
            join platform.organizations o on o.id = platform.organization()
            """;
    }

    private static Sql Lines(IReadOnlyList<NewOrder> orders)
    {
        var lines = orders.SelectMany(o => o.Lines, (o, l) => new OrderedLine(o.Id, l)).ToList();
        T[] Column<T>(Func<OrderedLine, T> of) => [.. lines.Select(of)];
        return $"""
            select l.*, round(l.unit_price * l.quantity, 2) - l.discount as total
            from unnest(
                {Column(l => l.OrderId)}, {Column(l => l.Line.ProductId)}, {Column(l => l.Line.ProductName)}, {Column(l => l.Line.Category)},
                {Column(l => l.Line.UnitPrice)}, {Column(l => l.Line.Quantity)}, {Column(l => l.Line.Discount)}
            ) as l (order_id, product_id, product_name, category, unit_price, quantity, discount)
            """;
    }
}
