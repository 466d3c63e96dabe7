using Clientele.Platform.Data;
using Npgsql;

namespace Clientele.Commerce.Tests;

/// <summary>People and orders for tests, written as a client writes them: through the views.</summary>
internal static class Shop
{
    public static Task<Guid> Person(Db db, string name) => db.One<Guid>($"insert into cdp.customers (customer_id, name) values ({name}, {name}) returning id", Ct);

    public static Task<Guid> Order(Db db, string number, Guid? customer, decimal total, string status = "delivered", string orderedAt = "2026-03-01T10:00:00Z") => db.One<Guid>($"""
        insert into cdp.customer_orders (order_id, customer_id, order_status, order_total, subtotal, ordered_at)
        values ({number}, {customer}, {status}, {total}, {total}, {orderedAt}::timestamptz) returning id
        """, Ct);

    /// <summary>The SQLSTATE a statement is refused with.</summary>
    public static async Task<string> Refused(Task statement) => (await Assert.ThrowsAsync<PostgresException>(() => statement)).SqlState;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;
}
