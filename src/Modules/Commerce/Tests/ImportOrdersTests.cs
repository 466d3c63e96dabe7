using Clientele.Platform.Imports;
using Clientele.Testing;

namespace Clientele.Commerce.Tests;

/// <summary>What lines of a file become. Each test imports into alpha while beta holds the same order numbers.</summary>
public sealed class ImportOrdersTests(ImportOrdersTests.Database database) : IClassFixture<ImportOrdersTests.Database>, IAsyncLifetime
{
    public sealed class Database : TestDatabase;

    private const string Small = Rig.Header + """
        1001,2024-03-30 10:00,A1,Cup,2,2.55,17,France
        1001,2024-03-30 10:00,A2,Plate,1,10.00,17,France
        1002,2024-03-31 12:00,A1,Cup,3,2.50,,Spain
        1003,2024-04-01 09:00,A1,Cup,1,2.50,18,France
        1001,2024-03-30 10:01,A1,Cup,2,2.55,17,France
        C1004,2024-04-02 09:00,A1,Cup,-1,2.50,18,France
        A1005,2024-04-03 09:00,B,Bad debt,1,-11.06,,France
        1006,2024-04-04 09:00,A3,,-5,0,,France

        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        foreach (var tenant in new[] { database.Alpha, database.Beta })
        {
            await database.For(tenant).Run($"delete from commerce.customer_orders", Ct);
            await database.For(tenant).Run($"delete from platform.imports", Ct);
            await database.For(tenant).Run($"delete from customers.customers", Ct);
        }
        await database.Service.Run($"update platform.organizations o set currency = 'GBP'", Ct);
        var others = await Rig.Import(database, database.Beta, Rig.Header + "1001,2024-01-01 10:00,Z,Other,1,999.00,17,Peru\n");
        Assert.Equal("completed", others.State);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed record Order(string OrderId, string Kind, decimal OrderTotal, DateTimeOffset OrderedAt, string? Customer, long Items);

    private Task<List<Order>> Orders() => database.Db.List<Order>($"""
        select o.order_id, o.kind, o.order_total, o.ordered_at, c.customer_id as customer,
               (select count(*) from commerce.customer_order_items i where i.order_id = o.id) as items
        from commerce.customer_orders o left join customers.customers c on c.id = o.customer_id
        order by o.order_id
        """, Ct);

    [Fact]
    public async Task Lines_become_orders_refunds_and_adjustments_with_their_facts()
    {
        var import = await Rig.Import(database, database.Alpha, Small);

        Assert.Equal(("completed", 8L, 8L, 0L, 0L), (import.State, import.LinesRead, import.Accepted, import.Rejected, import.Duplicates));
        Assert.Equal((4L, 1L, 1L, 2L), (import.Made("orders"), import.Made("refunds"), import.Made("adjustments"), import.Made("customersCreated")));
        Assert.Equal(
        [
            // Lines of one order may stand apart, and equal lines stay two; the earliest time counts. London is on UTC on 30 March.
            new("1001", "order", 20.20m, At("2024-03-30T10:00Z"), "17", 3),
            // An anonymous order, after the clocks went forward.
            new("1002", "order", 7.50m, At("2024-03-31T11:00Z"), null, 1),
            new("1003", "order", 2.50m, At("2024-04-01T08:00Z"), "18", 1),
            // Stock written off inside an order: a line of nothing worth.
            new("1006", "order", 0m, At("2024-04-04T08:00Z"), null, 1),
            new("A1005", "adjustment", -11.06m, At("2024-04-03T08:00Z"), null, 1),
            new("C1004", "refund", -2.50m, At("2024-04-02T08:00Z"), "18", 1),
        ], await Orders());
        var types = await database.Db.List<string>($"""
            select e.event_type || ' ' || e.event_value from log.facts e where e.batch_id = {import.Id} order by e.occurred_at, e.event_type
            """, Ct);
        Assert.Equal(["order_completed 20.20", "order_completed 7.50", "order_completed 2.50", "order_refunded -2.50", "order_adjusted -11.06", "order_completed 0.00"], types);
    }

    [Fact]
    public async Task The_same_file_a_second_time_changes_nothing()
    {
        await Rig.Import(database, database.Alpha, Small);
        var before = await Rig.Count(database, database.Alpha);

        var again = await Rig.Import(database, database.Alpha, Small);

        Assert.Equal(("completed", 0L, 8L, 0L), (again.State, again.Accepted, again.Duplicates, again.Made("orders")));
        Assert.Equal(before, await Rig.Count(database, database.Alpha));
    }

    [Fact]
    public async Task Another_file_with_a_known_order_number_is_rejected_line_by_line_and_the_rest_comes_in()
    {
        await Rig.Import(database, database.Alpha, Small);

        var other = await Rig.Import(database, database.Alpha, Rig.Header + "1001,2024-03-30 10:00,A9,Fork,1,1.00,17,France\n1007,2024-04-05 10:00,A9,Fork,1,1.00,17,France\n");

        Assert.Equal((1L, 1L, 1L), (other.Accepted, other.Rejected, other.Made("orders")));
        var reason = await database.Db.One<string>($"select r.reason from platform.import_rejects r where r.import_id = {other.Id} and r.line = 2", Ct);
        Assert.Contains("1001 exists already", reason, StringComparison.Ordinal);
        // Refused only while writing, and still kept as it stood in the file.
        Assert.Equal(["1001", "2024-03-30 10:00", "A9", "Fork", "1", "1.00", "17", "France"],
            await database.Db.One<string[]>($"select r.fields from platform.import_rejects r where r.import_id = {other.Id} and r.line = 2", Ct));
    }

    [Fact]
    public async Task Bad_rows_are_kept_with_line_and_reason_and_good_ones_come_in()
    {
        var import = await Rig.Import(database, database.Alpha, Rig.Header + """
            1,2024-05-01 10:00,A1,Cup,1,1.00,17,France
            2,01/05/2024,A1,Cup,1,1.00,17,France
            3,2024-05-01 10:00,A1,Cup,one,1.00,17,France
            4,2024-05-01 10:00,A1,Cup,1,"1,0,0x",17,France
            5,2024-05-01 10:00,,Cup,1,1.00,17,France
            6,2024-05-01 10:00,A1
            X7,2024-05-01 10:00,A1,Cup,1,1.00,17,France
            8,2024-05-01 10:00,A1,Cup,-1,1.00,17,France
            C9,2024-05-01 10:00,A1,Cup,1,1.00,17,France
            10,2024-05-01 10:00,A1,Cup,0,1.00,17,France
            11,2024-05-01 10:00,A1,Cup,1.5,1.00,17,France
            12,2024-05-01 10:00,"A
            1",Cup,1,1.00,17,France
            13,2024-05-01 10:00,A1,Cup,1,1.0000001,17,France

            """);

        var rejects = await database.Db.List<string>($"select r.line || ': ' || r.reason from platform.import_rejects r where r.import_id = {import.Id} order by r.line", Ct);
        Assert.Equal(("completed", 13L, 2L, 11L), (import.State, import.LinesRead, import.Accepted, import.Rejected));
        Assert.Equal(
        [
            "3: orderedAt \"01/05/2024\" is not a time written as yyyy-MM-dd HH:mm.",
            "4: quantity \"one\" is not a number with \".\" as decimal sign.",
            "5: unitPrice \"1,0,0x\" is not a number with \".\" as decimal sign.",
            "6: productId is empty.",
            "7: The line has 3 fields; productName is in field 4.",
            "8: The order number \"X7\" is none of the mapping's kinds (order, refund, adjustment).",
            "9: The lines of order 8 add up to -1.00, which an order cannot be. Check the signs, and \"kinds\" in the mapping.",
            "10: The lines of refund C9 add up to 1.00, which a refund cannot be. Check the signs, and \"kinds\" in the mapping.",
            "11: quantity is 0.",
            "12: quantity 1.5 is not a whole number of pieces.",
            "15: unitPrice 1.0000001 has more than six decimals.",
        ], rejects);
    }

    [Theory]
    [InlineData("2024-07-01T10:00:00+02:00", "2024-07-01T08:00:00Z")]
    [InlineData("2024-07-01T10:00:00Z", "2024-07-01T10:00:00Z")]
    [InlineData("2024-07-01 10:00:00 -0400", "2024-07-01T14:00:00Z")]
    [InlineData("2024-07-01 10:00", "2024-07-01T09:00:00Z")] // no offset: local to the mapping's zone
    [InlineData("2024-07-01", "2024-06-30T23:00:00Z")]
    [InlineData("01/02/2024", null)] // the first of February or the second of January: not guessed
    [InlineData("2024-13-01", null)]
    [InlineData("0000-00-00 00:00:00", null)]
    public async Task Iso_times_are_read_exactly_or_not_at_all(string text, string? instant)
    {
        var mapping = Rig.Mapping();
        var import = await Rig.Import(database, database.Alpha, Rig.Header + $"1,{text},A1,Cup,1,1.00,17,France\n", mapping with { Format = mapping.Format! with { Date = "iso" } });
        Assert.Equal(instant is null ? 0 : 1, import.Accepted);
        if (instant is not null) Assert.Equal(At(instant), (await Orders()).Single().OrderedAt);
    }

    [Theory]
    [InlineData(".", "1,234.50", 1234.50)]
    [InlineData(".", "1234.5", 1234.50)]
    [InlineData(",", "1.234,50", 1234.50)]
    [InlineData(",", "12,5", 12.50)]
    [InlineData(".", "12,50", null)] // a comma file read with a point: refused, not a hundred times too much
    [InlineData(",", "12.50", null)]
    [InlineData(".", "1,23,456.00", null)]
    [InlineData(".", "1 234", null)]
    [InlineData(".", "1e3", null)]
    public async Task Numbers_are_read_as_the_mapping_says_or_not_at_all(string point, string text, double? price)
    {
        var mapping = Rig.Mapping();
        var import = await Rig.Import(database, database.Alpha, Rig.Header + $"1,2024-05-01 10:00,A1,Cup,1,\"{text}\",17,France\n", mapping with { Format = mapping.Format! with { Decimal = point } });
        Assert.Equal(price is null ? 0 : 1, import.Accepted);
        if (price is not null) Assert.Equal((decimal)price.Value, (await Orders()).Single().OrderTotal);
    }

    [Fact]
    public async Task Amounts_near_the_limit_do_not_stop_the_counting_for_anybody()
    {
        var big = string.Concat(Enumerable.Range(1, 300).Select(n => $"{n},2024-05-01 10:00,A1,Cup,1,9999999999,17,France\n"));
        Assert.Equal(300, (await Rig.Import(database, database.Alpha, Rig.Header + big)).Made("orders"));
        await Rig.CatchUp(database);
        Assert.Equal(300 * 9_999_999_999m, await database.Db.One<decimal>($"select f.total_revenue from customers.customer_figures f join customers.customers c on c.id = f.customer_id where c.customer_id = '17'", Ct));
    }

    [Fact]
    public async Task The_organizations_currency_stays_while_an_import_is_under_way()
    {
        await database.Db.Run($"update platform.organizations o set currency = 'EUR' where o.id = platform.organization()", Ct);
        var first = await Rig.Queue(database, database.Alpha, Rig.Header + "1,2024-05-01 10:00,A1,Cup,1,1.00,17,France\n");
        await database.Db.Run($"update platform.imports i set worker = gen_random_uuid(), leased_until = now() - interval '1 second' where i.id = {first}", Ct);
        var second = await Rig.Upload(database, database.Alpha, Rig.Header + "2,2024-05-01 10:00,A1,Cup,1,1.00,17,France\n");
        var refused = await Assert.ThrowsAsync<Platform.Problems.Problem>(() => ImportCommands.Start(database.Db, [new Imports.OrderImporter()], second, Rig.Mapping("USD"), Ct));
        Assert.Contains("format.currency", refused.Errors!.Keys);
        while (await Rig.Worker(database).RunNext(Ct, first)) { }
        Assert.Equal("GBP", await database.Db.One<string>($"select o.currency from platform.organizations o where o.id = platform.organization()", Ct));
    }

    [Fact]
    public async Task Lines_keep_their_numbers_over_blank_lines_and_quoted_line_ends()
    {
        var import = await Rig.Import(database, database.Alpha, Rig.Header + "\n\n1,2024-05-01 10:00,A1,\"Cup\nand saucer\",1,1.00,17,France\n\nbad\n2,2024-05-01 10:00,A1,Cup,1,1.00,17,France\n");
        Assert.Equal((3L, 2L, 1L), (import.LinesRead, import.Accepted, import.Rejected));
        Assert.Equal([4L, 8L], await database.Db.List<long>($"select i.source_line from commerce.customer_order_items i order by 1", Ct));
        Assert.Equal(7L, await database.Db.One<long>($"select r.line from platform.import_rejects r where r.import_id = {import.Id}", Ct));
    }

    [Fact]
    public async Task Another_shops_format_is_a_matter_of_the_mapping()
    {
        var bytes = System.Text.CodePagesEncodingProvider.Instance.GetEncoding(1252)!.GetBytes(
            "Bestellung;Datum;Artikel;Menge;Preis;E-Mail\n77;31.12.2024 23:30;Müsli;2;1.234,50;Ü@Example.org\n");
        var id = await Rig.Upload(database, database.Alpha, bytes);
        var mapping = Mapping.Parse("""
            { "format": { "delimiter": ";", "encoding": "windows-1252", "decimal": ",", "date": "dd.MM.yyyy HH:mm", "timeZone": "Europe/Berlin", "currency": "EUR", "exchangeRate": 0.85 },
              "columns": { "orderNumber": "Bestellung", "orderedAt": "Datum", "productId": "Artikel", "quantity": "Menge", "unitPrice": "Preis", "customerEmail": "E-Mail" },
              "status": "confirmed" }
            """);
        await ImportCommands.Start(database.Db, [new Imports.OrderImporter()], id, mapping, Ct);
        await Rig.Worker(database).RunNext(Ct, id);

        var found = await database.Db.One<Foreign>($"""
            select o.order_total, o.base_total, o.currency, o.order_status, o.ordered_at, c.customer_id as customer, i.product_id as product
            from commerce.customer_orders o
            join customers.customers c on c.id = o.customer_id
            join commerce.customer_order_items i on i.order_id = o.id
            """, Ct);
        Assert.Equal(new Foreign(2469.00m, 2098.65m, "EUR", "confirmed", At("2024-12-31T22:30Z"), "ü@example.org", "Müsli"), found);
    }

    private sealed record Foreign(decimal OrderTotal, decimal BaseTotal, string Currency, string OrderStatus, DateTimeOffset OrderedAt, string Customer, string Product);

    private static DateTimeOffset At(string time) => DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture);
}
