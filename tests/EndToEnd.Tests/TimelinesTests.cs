using System.Text.Json;

namespace Clientele.EndToEnd.Tests;

/// <summary>kill -9 of the server at moments nobody chose: the timelines answer as the reference does again.</summary>
public sealed class KillTimelinesTests
{
    private static readonly string[] questions =
    [
        """{"kind": "trend", "from": "2020-01-01", "to": "2029-12-31", "interval": "month", "breakdown": [{"field": "currency"}], "series": [{"measure": "events"}, {"measure": "customers"}, {"measure": "sum"}]}""",
        """{"kind": "retention", "from": "2020-01-01", "to": "2029-12-31", "interval": "month", "start": {"event": "order_completed"}}""",
        """{"kind": "segment", "from": "2020-01-01", "to": "2029-12-31", "where": {"kind": "count", "events": {"event": "order_completed"}, "value": 2}}""",
    ];

    [Fact]
    public async Task Timelines_answer_as_the_reference_after_the_server_was_killed_and_after_a_rebuild()
    {
        await using var installation = new Installation();
        await installation.StartServer();
        await installation.ImportOverHttp(Undisturbed.Orders);
        for (var kill = 0; kill < 3; kill++)
        {
            var share = Random.Shared.NextDouble() * 0.9;
            await installation.UntilImport("writing", i => i.State is "completed" || i.State == "writing" && i.Written > i.Staged * share);
            await installation.KillServer();
            await installation.StartServer();
        }
        await installation.UntilCompleted();
        await Agree(installation);

        var command = await installation.Run("rebuild", "timelines", "--data", installation.Data);
        Assert.True(command.Process.ExitCode == 0, command.Errors);
        Assert.Contains("The timelines are built.", command.Output, StringComparison.Ordinal);
        await Agree(installation);
    }

    private static async Task Agree(Installation installation)
    {
        foreach (var question in questions)
        {
            var expected = (await installation.Ask("api/analytics/query?engine=sql", question)).GetProperty("result").GetRawText();
            Assert.Contains("1", expected, StringComparison.Ordinal);
            var answered = string.Empty;
            try
            {
                await Installation.Until("the timelines to agree with the reference", async () =>
            {
                var answer = await installation.Ask("api/analytics/query", question, patient: true);
                if (answer.ValueKind == JsonValueKind.Undefined) return false;
                Assert.Equal("timelines", answer.GetProperty("engine").GetString());
                return (answered = answer.GetProperty("result").GetRawText()) == expected;
            });
            }
            catch (TimeoutException e)
            {
                throw new InvalidOperationException($"{e.Message}\nexpected {expected}\nanswered {answered}\n{await installation.Look("api/analytics/timelines")}\n{installation.Server!.Output}", e);
            }
            Assert.Equal(expected, answered);
        }
    }
}
