namespace Clientele.EndToEnd.Tests;

/// <summary>What an import that nobody disturbed makes of the file: the measure of all others.</summary>
internal static class Undisturbed
{
    public static readonly GeneratedOrders Orders = new(60_000);

    private static readonly Lazy<Task<string>> totals = new(async () =>
    {
        await using var installation = new Installation();
        await installation.StartServer();
        var (file, mapping) = await Orders.Write(installation.Root);
        var command = await installation.Run("import", "orders", file, "--map", mapping, "--data", installation.Data);
        Assert.True(command.Process.ExitCode == 0, command.Errors);
        Assert.Contains($"completed: {Orders.Lines:N0} lines read", command.Output, StringComparison.Ordinal);
        Assert.Equal((long)Orders.Orders, await installation.Scalar<long>("select count(*) from commerce.customer_orders o where o.kind = 'order'"));
        Assert.Equal(Orders.Revenue, await installation.Scalar<decimal>("select sum(o.base_total) from commerce.customer_orders o where o.kind = 'order'"));
        Assert.Equal(Orders.Refunded, await installation.Scalar<decimal>("select sum(o.base_total) from commerce.customer_orders o where o.kind = 'refund'"));
        Assert.Equal((long)Orders.Rejected, await installation.Scalar<long>("select count(*) from platform.import_rejects"));
        var made = await installation.Totals();
        TestContext.Current.TestOutputHelper?.WriteLine(made);
        return made;
    });

    public static Task<string> Totals => totals.Value;
}

/// <summary>kill -9 of the server, at moments nobody chose.</summary>
public sealed class KillServerTests
{
    [Fact]
    public async Task An_import_survives_the_death_of_the_server_while_it_reads_and_while_it_writes()
    {
        var expected = Undisturbed.Totals;
        await using var installation = new Installation();
        await installation.StartServer();
        await installation.ImportOverHttp(Undisturbed.Orders);

        await installation.UntilImport("reading", i => i.State is "reading" or "writing");
        await Task.Delay(Random.Shared.Next(400), TestContext.Current.CancellationToken);
        await installation.KillServer();
        await Unfinished(installation, "while reading");

        await installation.StartServer();
        var share = Random.Shared.NextDouble() * 0.8;
        await installation.UntilImport("writing", i => i.State == "writing" && i.Written > i.Staged * share);
        await installation.KillServer();
        await Unfinished(installation, "while writing");

        // Nobody asks it to: it goes on by itself as soon as it runs.
        await installation.StartServer();
        await installation.UntilCompleted();
        Assert.Equal(await expected, await installation.Totals());
    }

    private static async Task Unfinished(Installation installation, string when)
    {
        var import = await installation.Import();
        TestContext.Current.TestOutputHelper?.WriteLine($"Killed {when}: {import}");
        Assert.Contains(import.State, (string[])["queued", "reading", "writing"]);
    }
}

/// <summary>kill -9 of PostgreSQL while the server goes on.</summary>
public sealed class KillPostgresTests
{
    [Fact]
    public async Task An_import_survives_the_death_of_PostgreSQL_without_a_restart_of_the_server()
    {
        var expected = Undisturbed.Totals;
        await using var installation = new Installation();
        await installation.StartServer();
        await installation.ImportOverHttp(Undisturbed.Orders);
        await installation.UntilImport("reading", i => i.State is "reading" or "writing");
        await Task.Delay(Random.Shared.Next(300), TestContext.Current.CancellationToken);
        await installation.KillPostgres();
        var share = Random.Shared.NextDouble() * 0.8;
        await installation.UntilImport("writing", i => i.State == "writing" && i.Written > i.Staged * share);
        await installation.KillPostgres();
        await installation.UntilCompleted();
        Assert.False(installation.Server!.Process.HasExited);
        Assert.Equal(await expected, await installation.Totals());
        using var anybody = new HttpClient { BaseAddress = installation.Address };
        Assert.Contains("\nclientele_postgres_deaths_total 2\n", await anybody.GetStringAsync(new Uri("metrics", UriKind.Relative), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}

/// <summary>kill -9 of the command that imports, beside a server.</summary>
public sealed class KillCommandTests
{
    [Fact]
    public async Task The_server_finishes_what_a_killed_command_began()
    {
        var expected = Undisturbed.Totals;
        await using var installation = new Installation();
        await installation.StartServer();
        var (file, mapping) = await Undisturbed.Orders.Write(installation.Root);
        var command = installation.Start("import", "orders", file, "--map", mapping, "--data", installation.Data);
        var share = Random.Shared.NextDouble() * 0.5;
        await installation.UntilImport("writing", i => i.State == "writing" && i.Written > i.Staged * share);
        command.Process.Kill();
        await installation.UntilCompleted();
        Assert.Equal(await expected, await installation.Totals());
    }
}

/// <summary>A stop of the server beside which a command imports.</summary>
public sealed class StopServerTests
{
    [Fact]
    public async Task The_command_ends_and_says_how_the_import_goes_on()
    {
        var expected = Undisturbed.Totals;
        await using var installation = new Installation();
        await installation.StartServer();
        var (file, mapping) = await Undisturbed.Orders.Write(installation.Root);
        var command = installation.Start("import", "orders", file, "--map", mapping, "--data", installation.Data);
        await installation.UntilImport("writing", i => i.State == "writing" && i.Written > 0);
        await installation.StopServer();
        await command.Process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, command.Process.ExitCode);
        Assert.Equal(
            ["The database is away; the import goes on when it is back.", "clientele: the server was stopped. The import is kept: start the server and it goes on by itself, or run the same command again."],
            command.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        // By the worker, if it was this command's at that moment: not at every look.
        Assert.True(command.Output.Split('\n').Count(l => l.Contains("waits for the database", StringComparison.Ordinal)) <= 2, command.Output);

        await installation.StartServer();
        await installation.UntilCompleted();
        Assert.Equal(await expected, await installation.Totals());
    }
}

/// <summary>Ctrl-C, or a stop from outside, of the command that imports.</summary>
public sealed class StopCommandTests
{
    [Fact]
    public async Task Alone_it_says_how_far_it_came_and_the_same_command_goes_on()
    {
        var expected = Undisturbed.Totals;
        await using var installation = new Installation();
        await installation.StartServer();
        await installation.StopServer();
        var (file, mapping) = await Undisturbed.Orders.Write(installation.Root);
        var command = installation.Start("import", "orders", file, "--map", mapping, "--data", installation.Data);
        await installation.UntilImport("writing", i => i.State == "writing" && i.Written > 0);
        await Stopped(command, "Run the same command again");

        var again = await installation.Run("import", "orders", file, "--map", mapping, "--data", installation.Data);
        Assert.True(again.Process.ExitCode == 0, again.Errors);
        Assert.Contains("going on with that import", again.Errors, StringComparison.Ordinal);
        await installation.StartServer();
        Assert.Equal(await expected, await installation.Totals());
    }

    [Fact]
    public async Task Beside_a_server_it_says_that_the_server_goes_on()
    {
        var expected = Undisturbed.Totals;
        await using var installation = new Installation();
        await installation.StartServer();
        var (file, mapping) = await Undisturbed.Orders.Write(installation.Root);
        var command = installation.Start("import", "orders", file, "--map", mapping, "--data", installation.Data);
        await installation.UntilImport("writing", i => i.State == "writing" && i.Written > 0);
        await Stopped(command, "the server goes on with it");
        await installation.UntilCompleted();
        Assert.Equal(await expected, await installation.Totals());
    }

    private static async Task Stopped(RunningProcess command, string says)
    {
        Installation.Terminate(command);
        await command.Process.WaitForExitAsync(TestContext.Current.CancellationToken);
        var line = Assert.Single(command.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Matches("^clientele: stopped .*[0-9,]+ of 60,000 lines written", line);
        Assert.Contains(says, line, StringComparison.Ordinal);
        Assert.Equal("", command.Output);
        Assert.Equal(130, command.Process.ExitCode);
    }
}
