using Clientele.Platform.PrivatePostgres;
using Microsoft.Extensions.Logging.Abstractions;

namespace Clientele.Testing;

/// <summary>
/// The PostgreSQL of a test run: the one ./test started for all projects (CLIENTELE_TEST_DATABASE, a superuser's
/// connection string), or one of this process's own.
/// </summary>
public static class TestServer
{
    private static readonly Lazy<Task<string>> connection = new(Start);

    /// <summary>A superuser's connection string: tests create databases and roles.</summary>
    public static Task<string> Connection => connection.Value;

    private static async Task<string> Start()
    {
        if (Environment.GetEnvironmentVariable("CLIENTELE_TEST_DATABASE") is { Length: > 0 } given) return given;
        var folder = Directory.CreateTempSubdirectory("clientele-test-").FullName;
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        var server = await PrivatePostgresServer.Start(
            new PrivatePostgresOptions { DataFolder = folder, Durable = false }, NullLogger.Instance, CancellationToken.None);
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            server.Stop().GetAwaiter().GetResult();
            Directory.Delete(folder, recursive: true);
        };
        return server.ConnectionString;
    }
}
