using System.Globalization;
using Clientele.Testing;

namespace Clientele.EndToEnd.Tests;

/// <summary>A data folder is one installation's, and one server's at a time, wherever the database is.</summary>
public sealed class DataFolderTests(DataFolderTests.Database database) : IClassFixture<DataFolderTests.Database>
{
    public sealed class Database : TestDatabase;

    [Fact]
    public async Task A_folder_is_held_by_one_server_and_stays_with_its_database()
    {
        await using var installation = new Installation();
        var server = Serve(installation, database.ConnectionString);
        await Installation.Until("the server to be ready", () => Task.FromResult(server.Output.Contains("Clientele is ready", StringComparison.Ordinal)));
        await Refused("in use by another Clientele", Serve(installation, database.ConnectionString));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(installation.Data, "timelines")));
        Installation.Terminate(server);
        await server.Process.WaitForExitAsync(TestContext.Current.CancellationToken);

        await Refused("belongs to an installation whose database is not in it", Serve(installation));
        Assert.False(Directory.Exists(Path.Combine(installation.Data, "postgres")));
        await using var other = new TestDatabase();
        await other.InitializeAsync();
        await Refused("belongs to another installation", Serve(installation, other.ConnectionString));
    }

    private static RunningProcess Serve(Installation installation, string? connection = null) => installation.Start(
        ["serve", "--port", Installation.FreePort().ToString(CultureInfo.InvariantCulture), "--data", installation.Data, .. connection is null ? Array.Empty<string>() : ["--database", connection]]);

    private static async Task Refused(string why, RunningProcess command)
    {
        await command.Process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Contains(why, Assert.Single(command.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Equal(2, command.Process.ExitCode);
    }
}
