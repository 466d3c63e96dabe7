using System.Diagnostics;
using Clientele.Testing;

namespace Clientele.DataApi.Tests;

/// <summary>@supabase/postgrest-js as it comes from npm (tests/Clients/postgrest-js), run by Node.</summary>
[Trait("Runs", "processes")]
public sealed class ClientTests(RestTests.App app) : IClassFixture<RestTests.App>
{
    [Fact]
    public async Task The_client_of_PostgREST_works_unchanged()
    {
        var folder = Path.Combine(SharedData.Root, "tests", "Clients", "postgrest-js");
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
        {
            var (installed, said) = await Run(folder, "npm", ["ci", "--no-audit", "--no-fund"]);
            Assert.SkipWhen(installed is null, "npm is not installed.");
            Assert.SkipWhen(installed != 0, $"The client could not be installed from the npm registry: {said[..Math.Min(200, said.Length)]}");
        }
        var (code, output) = await Run(folder, "node", ["client.mjs"]);
        Assert.SkipWhen(code is null, "Node is not installed.");
        Assert.True(code == 0, output);
        Assert.Equal(11, output.Split('\n').Count(l => l.StartsWith("ok ", StringComparison.Ordinal)));
    }

    private async Task<(int? Code, string Output)> Run(string folder, string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        (start.Environment["URL"], start.Environment["KEY"], start.Environment["STRANGER"]) = (app.Address.GetLeftPart(UriPartial.Authority), app.Key, app.BetaCustomer.ToString());
        Process? process;
        try { process = Process.Start(start); }
        catch (System.ComponentModel.Win32Exception) { return (null, string.Empty); }
        using (process!)
        {
            var (output, errors) = (process!.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (process.ExitCode, await output + await errors);
        }
    }
}
