using Clientele.Testing;

namespace Clientele.EndToEnd.Tests;

/// <summary>Every kind of file by the command a user types, with the mappings in samples/.</summary>
public sealed class ImportCommandTests(ImportCommandTests.Running running) : IClassFixture<ImportCommandTests.Running>
{
    /// <summary>A server, and what commands say beside it.</summary>
    public sealed class Running : IAsyncLifetime
    {
        internal Installation Installation { get; } = new();

        public async ValueTask InitializeAsync() => await Installation.StartServer();

        public ValueTask DisposeAsync() => Installation.DisposeAsync();

        internal async Task<RunningProcess> Import(string kind, string name, string text, string mapping, params string[] more)
        {
            var file = Path.Combine(Installation.Root, name);
            await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
            return await Installation.Run(["import", kind, file, "--map", mapping, "--data", Installation.Data, .. more]);
        }
    }

    private static string Sample(string name) => Path.Combine(SharedData.Root, "samples/mappings", name);

    [Fact]
    public async Task Customers_come_in()
    {
        var command = await running.Import("customers", "customers.csv", """
            Customer no,E-mail,Name,Phone,Born,Country,City,Customer since,More
            K1,ann@example.com,Ann,+33 1 23,1990-05-01,France,Lyon,2024-02-03,"{""plan"": ""pro""}"
            K2,,Ben,,,France,Lille,,
            ,,Nobody,,,,,,

            """, Sample("customers.json"));
        Assert.True(command.Process.ExitCode == 0, command.Errors);
        Assert.Contains("completed: 3 lines read, 2 imported, 0 already there, 1 rejected", command.Output, StringComparison.Ordinal);
        Assert.Contains("2 new customers", command.Output, StringComparison.Ordinal);
        // The day somebody was born on is the same in every zone; the moment they came is Paris's midnight.
        Assert.Equal("Ann 1990-05-01 Lyon pro 2024-02-02 23:00", await running.Installation.Scalar<string>("""
            select concat_ws(' ', c.name, c.date_of_birth, c.city, c.custom_attributes ->> 'plan', to_char(c.first_seen_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI'))
            from customers.customers c where c.customer_id = 'K1'
            """));
    }

    [Fact]
    public async Task Events_come_in()
    {
        var command = await running.Import("events", "events.jsonl", """
            {"type": "identify", "userId": "E1", "traits": {"email": "e1@example.com"}}
            {"type": "track", "event": "Shelf Dusted", "userId": "E1", "timestamp": "2024-03-01T10:00:00Z", "properties": {"shelf": 3}}
            {"type": "track", "event": "Shelf Dusted", "userId": "E1", "timestamp": "2024-03-02T10:00:00Z"}
            no json

            """, Sample("events.json"));
        Assert.True(command.Process.ExitCode == 0, command.Errors);
        Assert.Contains("completed: 4 lines read, 3 imported, 0 already there, 1 rejected", command.Output, StringComparison.Ordinal);
        Assert.Contains("3 events", command.Output, StringComparison.Ordinal);
        Assert.Equal("2 3", await running.Installation.Scalar<string>("select concat_ws(' ', count(*), max(f.properties ->> 'shelf')) from log.facts f where f.event_name = 'Shelf Dusted'"));
    }
}
