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

    [Fact]
    public async Task Why_lines_were_rejected_is_told_and_they_can_be_had_as_a_file()
    {
        const string text = "Customer no,E-mail,Name,Phone,Born,Country,City,Customer since,More\nR1,r1@example.com,Ann,,,,,,\nR2,none,Ben,,,,,,\nR3,nobody,Cid,,,,,,\nR4,,Dora,,today,,,,\n,,Nobody,,,,,,\nR6,,Eve,,,,,,{\n";
        var file = Path.Combine(running.Installation.Root, "rejects.csv");
        var command = await running.Import("customers", "some.csv", text, Sample("customers.json"), "--rejects", file);
        Assert.True(command.Process.ExitCode == 0, command.Errors);
        Assert.Contains("6 lines read, 1 imported, 0 already there, 5 rejected", command.Output, StringComparison.Ordinal);
        Assert.Contains("2 rejected, the first is line 3: email \"none\" is no address.", command.Output, StringComparison.Ordinal);
        Assert.Contains("1 rejected, the first is line 5: birthDate \"today\" is not a time written as yyyy-MM-dd.", command.Output, StringComparison.Ordinal);
        Assert.Contains("1 rejected for other reasons", command.Output, StringComparison.Ordinal);
        Assert.Contains($"rejected lines: {file}", command.Output, StringComparison.Ordinal);
        var rejects = await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal(6, rejects.Length);
        Assert.StartsWith("line,reason,", rejects[0], StringComparison.Ordinal);
        Assert.Equal("3,\"email \"\"none\"\" is no address.\",R2,none,Ben,,,,,,", rejects[1]);
    }

    [Fact]
    public async Task A_file_of_which_nothing_is_taken_is_no_success()
    {
        var command = await running.Import("events", "nothing.jsonl", "no json\nneither\n", Sample("events.json"));
        Assert.Equal(1, command.Process.ExitCode);
        Assert.Contains("0 imported, 0 already there, 2 rejected", command.Output, StringComparison.Ordinal);
        Assert.Contains("2 rejected, the first is line 1: The line is no JSON object.", command.Output, StringComparison.Ordinal);
        Assert.Contains("Nothing was imported", command.Output, StringComparison.Ordinal);
        Assert.Contains("--rejects FILE", command.Output, StringComparison.Ordinal);

        // The same file again took nothing either, but one that is there already is no failure.
        const string known = "{\"type\": \"track\", \"event\": \"Once\", \"userId\": \"N1\"}\n";
        Assert.Equal(0, (await running.Import("events", "known.jsonl", known, Sample("events.json"))).Process.ExitCode);
        var again = await running.Import("events", "known.jsonl", known, Sample("events.json"));
        Assert.Contains("0 imported, 1 already there", again.Output, StringComparison.Ordinal);
        Assert.Equal(0, again.Process.ExitCode);
    }
}
