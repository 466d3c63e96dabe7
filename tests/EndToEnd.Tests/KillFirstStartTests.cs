using System.Security.Cryptography;
using System.Text;

namespace Clientele.EndToEnd.Tests;

/// <summary>kill -9 of the very first start, whatever it is at: the next start makes a whole database.</summary>
public sealed class KillFirstStartTests
{
    public static TheoryData<string> Moments => ["making the cluster", "filling it", "taking its place"];

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task The_next_start_begins_again_or_goes_on(string moment)
    {
        await using var installation = new Installation();
        var first = installation.Start("migrate", "--data", installation.Data);
        await Installation.Until(moment, () => Task.FromResult(Reached(moment, installation.Data) || first.Process.HasExited));
        Assert.False(first.Process.HasExited, first.Output + first.Errors);
        first.Process.Kill();
        await first.Process.WaitForExitAsync(TestContext.Current.CancellationToken);

        await installation.StartServer();
        Assert.Empty(HalfMade(installation.Data));
        Assert.Equal([".s.PGSQL.5432", ".s.PGSQL.5432.lock"], Directory.EnumerateFiles(SocketFolder(installation.Data)).Select(Path.GetFileName).Order());
        Assert.True(await installation.Scalar<long>("select count(*) from platform.schema_migrations") > 100);
        Assert.Equal("on", await installation.Scalar<string>("show fsync"));
        await Installation.Until("the first PostgreSQL to be gone", () => Task.FromResult(Postmasters(installation.Data) == 1));
    }

    private static bool Reached(string moment, string data) => moment switch
    {
        "making the cluster" => HalfMade(data).Length > 0,
        // A hundred and more files that are not initdb's: tables of ours.
        "filling it" => HalfMade(data) is [var fresh] && Files(Path.Combine(fresh, "base")) > 1500,
        _ => File.Exists(Path.Combine(data, "postgres", "PG_VERSION")),
    };

    // One short name per cluster, see DataFolder.
    private static string SocketFolder(string cluster) => Path.Combine("/tmp", "clientele-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(cluster)))[..16]);

    private static string[] HalfMade(string data) => Directory.Exists(data) ? Directory.GetDirectories(data, "postgres.half-made-*") : [];

    private static int Files(string folder)
    {
        try { return Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Count() : 0; }
        catch (IOException) { return 0; }
        catch (UnauthorizedAccessException) { return 0; }
    }

    // Postmasters name the folder on their command line; their processes have titles of their own.
    private static int Postmasters(string data) => Directory.EnumerateDirectories("/proc").Count(process =>
    {
        try { return File.ReadAllText(Path.Combine(process, "cmdline")).Split('\0') is [var program, .. var rest] && program.EndsWith("/postgres", StringComparison.Ordinal) && rest.Any(a => a.StartsWith(data + "/postgres", StringComparison.Ordinal)); }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException) { return false; }
    });
}
