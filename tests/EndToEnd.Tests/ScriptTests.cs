using System.Diagnostics;
using Clientele.Testing;

namespace Clientele.EndToEnd.Tests;

/// <summary>What ./run does before there is a server: steps that are interrupted, folders that are somebody else's.</summary>
public sealed class ScriptTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("clientele-script-").FullName;

    public ScriptTests()
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(root, (UnixFileMode)0b111_101_101);
        Directory.CreateDirectory(Path.Combine(root, "scripts"));
        File.Copy(Path.Combine(SharedData.Root, "scripts", "lib.sh"), Path.Combine(root, "scripts", "lib.sh"));
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task A_build_that_is_interrupted_ends_quietly()
    {
        // As a build does: it says that it failed, and ends with a code of its own.
        var (code, output, errors) = await Script(["setsid", "--wait", "env", "--default-signal=INT"], """
            build() { trap 'echo "error: Build FAILED"; exit 1' INT; kill -INT 0; sleep 1; }
            locked step "Building the server" build
            echo "went on"
            """);
        Assert.Equal((130, "Building the server … \n", ""), (code, output, errors));
    }

    [Fact]
    public async Task A_step_that_fails_says_why()
    {
        var (code, _, errors) = await Script([], """
            build() { echo "error: no"; return 3; }
            locked step "Building the server" build
            """);
        Assert.Equal(1, code);
        Assert.Equal("error: no\n./run: \"Building the server\" failed; all it said is in .build/logs/building-the-server.log\n", errors);
    }

    [Fact]
    public async Task A_build_folder_of_somebody_else_is_refused_with_the_cure()
    {
        var build = Path.Combine(root, ".build");
        Directory.CreateDirectory(build);
        // Root may write anywhere, so it is somebody else who tries.
        if (!Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows()) File.SetUnixFileMode(build, (UnixFileMode)0b101_101_101);
        var (code, _, errors) = await Script(Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [], """
            locked step "Building the server" true
            """);
        Assert.Equal(1, code);
        var line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("./run: ", line, StringComparison.Ordinal);
        Assert.Contains($"sudo chown -R ", line, StringComparison.Ordinal);
        Assert.Contains(build, line, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output, string Errors)> Script(string[] by, string text)
    {
        string[] command = [.. by, "bash", "-c", $"set -euo pipefail; PROGRAM=./run; . scripts/lib.sh\n{text}"];
        var start = new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = root, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await errors);
    }
}
