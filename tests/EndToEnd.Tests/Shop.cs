using System.Globalization;
using System.Text;
using System.Text.Json;
using Clientele.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Playwright;

namespace Clientele.EndToEnd.Tests;

/// <summary>The tests that look at the same shop, one after the other.</summary>
[CollectionDefinition]
public sealed class ConsoleCollection : ICollectionFixture<Shop>;

/// <summary>
/// The real application with the built console. Alpha has a year of orders from many countries, with refunds, an
/// adjustment and orders of nobody known; beta has orders too, and everything of it is called <see cref="Foreign"/>.
/// </summary>
public sealed class Shop : TestApp
{
    public const string Foreign = "Zyxwell";
    public const string Year = "from=2024-01-01&to=2024-12-31";

    /// <summary>A page that meets a server's error says only that; why it was is written beside the tests.</summary>
    protected override void Configure(IServiceCollection services)
    {
        base.Configure(services);
        services.AddLogging(l => l.AddSimpleConsole(c => c.SingleLine = true).AddFilter<ConsoleLoggerProvider>(level => level >= LogLevel.Error));
    }

    /// <summary>A super administrator of alpha, the organization that was first.</summary>
    public const string Operator = "root@alpha.example";

    private static readonly string[] people =
    [
        "Ada Lovelace", "Grace Hopper", "Alan Turing", "Katherine Johnson", "Edsger Dijkstra", "Barbara Liskov",
        "Donald Knuth", "Radia Perlman", "John Backus", "Frances Allen", "Dennis Ritchie", "Margaret Hamilton",
    ];

    private static readonly string[] countries = ["United Kingdom", "France", "Germany", "United Kingdom", "Norway", "United Kingdom", "Japan", "France"];

    private static readonly (string Id, string Name, decimal Price)[] products =
    [
        ("A100", "Walnut desk organiser", 24.95m), ("A110", "Wool throw, charcoal", 79m), ("A120", "Enamel mug", 11.5m), ("A130", "Linen apron", 32m),
        ("A140", "Cast iron pan, 26 cm", 64.9m), ("A150", "Beeswax candles, set of six", 18.75m), ("A160", "Oak cutting board", 45m), ("A170", "Ceramic planter", 27.3m),
    ];

    protected override string? Console => Browser.Console;

    /// <summary>An import of alpha's orders that has completed.</summary>
    public string ImportId { get; private set; } = null!;

    /// <summary>An uploaded file whose columns nobody has named yet.</summary>
    public string WaitingId { get; private set; } = null!;

    /// <summary>Ada Lovelace, who orders most.</summary>
    public JsonElement Ada { get; private set; }

    /// <summary>Her latest order.</summary>
    public string AdasOrder { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        ImportId = await Import(Admin, "orders-2024.csv", Orders(), "GBP");
        await Import(Stranger, "zyxwell.csv", ForeignOrders(), "EUR");
        WaitingId = (await Upload(Admin, "january.csv", Orders()[..2000])).GetProperty("id").GetString()!;
        Ada = await CaughtUp();
        await Document("Framework contract 2026.pdf", "%PDF-1.7\n%made up\n"u8.ToArray());
        await Document("Passport.png", Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="), "&sensitive=true");
        await AddPerson(Operator, Alpha.OrganizationId!.Value, "super_admin");
        await Health();
        await Backups();
        AdasOrder = (await Admin.Json($"api/customers/{Ada.GetProperty("id")}/orders")).GetProperty("items")[0].GetProperty("id").GetString()!;
    }

    // A day of checks with a bad hour, errors of both organizations, and a month of growth.
    private async Task Health()
    {
        await Service.Run($"""
            insert into platform.health_results (service_name, check_name, status, response_time_ms, error_message, checked_at)
            select 'platform', c.name, case when c.name = 'mail server' and n between 300 and 340 then 'unhealthy' when n between 600 and 605 then 'degraded' else 'healthy' end,
                   2 + n % 7, case when c.name = 'mail server' and n between 300 and 340 then 'mail:587 cannot be reached (ConnectionRefused).' end, now() - n * interval '1 minute'
            from generate_series(1, 1440) as n, unnest(array['database', 'jobs', 'mail server']) as c (name)
            """, CancellationToken.None);
        foreach (var tenant in new[] { Alpha, Beta })
            await For(tenant).Run($"""
                insert into platform.error_logs (source, error_type, error_message, stack_trace, severity, request_id)
                select 'whatsapp', 'Timeout', {(tenant == Beta ? Foreign : "No answer")} || ' after ' || n || ' s', 'at Shop.Messages.Send()', case when n % 3 = 0 then 'critical' else 'error' end, 'a1b2c3' || n
                from generate_series(1, 12) as n
                """, CancellationToken.None);
        await Service.Run($"select platform.group_errors()", CancellationToken.None);
        await Service.Run($"""
            insert into platform.database_sizes (relation, day, bytes, rows)
            select r.name, current_date - n, r.size * (100 - n), 1000 from generate_series(0, 30) as n, (values ('', 4000000), ('log.events', 2500000), ('commerce.customer_orders', 600000)) as r (name, size)
            """, CancellationToken.None);
    }

    // Three days: one without a file that was lost, copied elsewhere and restored on trial; one that could not be copied and did not pass; one that failed.
    private Task Backups() => Service.Run($$"""
        insert into platform.backups (kind, name, node, state, started_at, ended_at, bytes, row_count, lost_files, lost_some, copied_at, copy_error, problem, report)
        select b.kind, b.name, 'clientele-1', b.state, now() - b.age, now() - b.age + interval '41 seconds', b.bytes, b.rows, cardinality(b.lost), b.lost, now() - b.copied, b.copy_error, b.problem, b.report
        from (values
            ('backup', '20260102T023000Z', 'complete', interval '6 hours', 412000000, 10214000, array['0190a6ee-0000-7000-8000-000000000001/0190a6ee-0000-7000-8000-000000000002'], interval '5 hours', null, null, '{}'::jsonb),
            ('test', '20260102T023000Z', 'complete', interval '5 hours', 0, null, '{}', null, null, null, '{"checks": [{"name": "log", "faults": 0, "detail": "in order"}]}'),
            ('backup', '20260101T023000Z', 'complete', interval '30 hours', 409000000, 10183000, '{}', null, 'The storage does not answer.', null, '{}'),
            ('test', '20260101T023000Z', 'failed', interval '29 hours', 0, null, '{}', null, null, 'Did not pass: ledgers.', '{"checks": [{"name": "ledgers", "faults": 1, "detail": "1 entry of commerce.points does not follow from those before it"}]}'),
            ('backup', null, 'failed', interval '54 hours', 0, null, '{}', null, null, 'pg_dump failed: the disk was full', '{}')
        ) as b (kind, name, state, age, bytes, rows, lost, copied, copy_error, problem, report)
        """, CancellationToken.None);

    /// <summary>A person's own computer, signed in.</summary>
    public Task<Visit> Visit(Browser browser, string email, BrowserNewContextOptions? options = null) => Tests.Visit.SignedIn(this, browser, email, options);

    /// <summary>Somebody of alpha whom no other test knows, so that their choices disturb nobody.</summary>
    public async Task<string> NewPerson(string role = "admin")
    {
        var email = $"{Guid.NewGuid():N}@alpha.example";
        await AddPerson(email, Alpha.OrganizationId!.Value, role);
        return email;
    }

    private async Task Document(string name, byte[] bytes, string query = "")
    {
        using var body = new ByteArrayContent(bytes);
        using var answer = await Admin.PostAsync(new Uri($"api/customers/{Ada.GetProperty("id")}/files?name={Uri.EscapeDataString(name)}{query}", UriKind.Relative), body);
        answer.EnsureSuccessStatusCode();
    }

    private async Task<JsonElement> Upload(HttpClient client, string name, string csv)
    {
        using var body = new StringContent(csv);
        using var answer = await client.PostAsync(new Uri($"api/imports?kind=orders&name={name}", UriKind.Relative), body);
        answer.EnsureSuccessStatusCode();
        return JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync());
    }

    private async Task<string> Import(HttpClient client, string name, string csv, string currency)
    {
        var id = (await Upload(client, name, csv)).GetProperty("id").GetString()!;
        var mapping = new
        {
            format = new { date = "yyyy-MM-dd HH:mm", timeZone = "Europe/London", currency },
            columns = new
            {
                orderNumber = "Order", orderedAt = "Date", productId = "SKU", productName = "Product", quantity = "Quantity", unitPrice = "Price",
                customerId = "Customer ID", customerName = "Customer name", country = "Country",
            },
            kinds = new { order = "^[0-9]+$", refund = "^R", adjustment = "^A" },
        };
        using var started = await client.Post($"api/imports/{id}/start", new { mapping });
        Assert.True(started.IsSuccessStatusCode, await started.Content.ReadAsStringAsync());
        for (var patience = 0; patience < 600; patience++)
        {
            var import = await client.Json($"api/imports/{id}");
            var state = import.GetProperty("state").GetString();
            if (state == "completed") return id;
            if (state == "failed") throw new InvalidOperationException(import.ToString());
            await Task.Delay(100);
        }
        throw new TimeoutException($"The import of {name} does not end.");
    }

    // The figures of customers follow the log a moment later.
    private async Task<JsonElement> CaughtUp()
    {
        for (var patience = 0; patience < 600; patience++)
        {
            var found = (await Admin.Json("api/customers?search=Ada%20Lovelace&limit=10")).GetProperty("items");
            if (found.GetArrayLength() == 1 && found[0].GetProperty("orders").GetInt32() > 0) return found[0];
            await Task.Delay(100);
        }
        throw new TimeoutException("The figures of the customers did not follow.");
    }

    /// <summary>Sixty orders, one every six days, of which each ninth is of nobody known; four refunds and an adjustment.</summary>
    private static string Orders()
    {
        var csv = new StringBuilder("Order,Date,SKU,Product,Quantity,Price,Customer ID,Customer name,Country\n");
        for (var i = 0; i < 60; i++)
        {
            var at = new DateTime(2024, 1, 3, 9, 15, 0, DateTimeKind.Unspecified).AddDays(i * 6).AddMinutes(i * 7);
            // Ada comes back most often.
            var person = i % 5 == 0 ? 0 : i % people.Length;
            var country = person == 0 ? countries[0] : countries[person % countries.Length];
            for (var line = 0; line <= i % 3; line++)
            {
                var (id, name, price) = products[(i + line * 3) % products.Length];
                csv.Append(CultureInfo.InvariantCulture, $"{1001 + i},{at:yyyy-MM-dd HH:mm},{id},\"{name}\",{1 + (i + line) % 4},{price},{(i % 9 == 8 ? "," : $"c{person + 1},{people[person]}")},{country}\n");
            }
            if (i % 15 == 14)
                csv.Append(CultureInfo.InvariantCulture, $"R{1001 + i},{at.AddDays(2):yyyy-MM-dd HH:mm},{products[i % products.Length].Id},\"{products[i % products.Length].Name}\",-1,{products[i % products.Length].Price},c{person + 1},{people[person]},{country}\n");
        }
        csv.Append("A1,2024-12-20 10:00,ADJ,Bad debt,1,-12.34,,,United Kingdom\n");
        return csv.ToString();
    }

    private static string ForeignOrders()
    {
        var csv = new StringBuilder("Order,Date,SKU,Product,Quantity,Price,Customer ID,Customer name,Country\n");
        for (var i = 0; i < 12; i++)
            csv.Append(CultureInfo.InvariantCulture, $"{770001 + i},2024-{i + 1:00}-05 10:00,{Foreign}-{i},{Foreign} lamp,1,77777.77,{Foreign}{i},Person {Foreign} {i},{Foreign}land\n");
        return csv.ToString();
    }
}
