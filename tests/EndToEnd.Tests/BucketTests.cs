using System.Diagnostics;
using System.Globalization;
using Clientele.Platform.Files;
using Clientele.Testing;

namespace Clientele.EndToEnd.Tests;

/// <summary>The store in a bucket, against a server that speaks S3 (tests/Storage installs it from npm).</summary>
public sealed class BucketTests
{
    private const int PartBytes = 16 * 1024 * 1024;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_bucket_does_what_a_store_does()
    {
        await using var service = await Service.Start();
        using (var store = new S3Store(service.Options("files")))
            await FileStoreContract.Hold(store, PartBytes);

        // Two prefixes of one bucket know nothing of each other.
        using var files = new S3Store(service.Options("files"));
        using var backups = new S3Store(service.Options("backups/daily"));
        using var all = new S3Store(service.Options(null));
        await files.Put("a", new MemoryStream([1]), Ct);
        await backups.Put("a", new MemoryStream([2, 2]), Ct);
        Assert.Equal(["a"], await FileStoreContract.Keys(files, ""));
        Assert.Equal(["backups/daily/a", "files/a"], await FileStoreContract.Keys(all, ""));
        await files.Delete("a", Ct);
        Assert.Equal(["a"], await FileStoreContract.Keys(backups, ""));
    }

    [Fact]
    public async Task More_than_a_page_of_files_is_listed_whole()
    {
        await using var service = await Service.Start();
        using var store = new S3Store(service.Options("many"));
        await Parallel.ForEachAsync(Enumerable.Range(0, 1100), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Ct }, async (n, ct) => await store.Put($"n/{n}", new MemoryStream([1]), ct));
        Assert.Equal(1100, (await FileStoreContract.Keys(store, "")).Count);
    }

    [Fact]
    public async Task What_is_wrong_with_the_bucket_is_said_without_its_secret()
    {
        await using var service = await Service.Start();
        foreach (var options in (S3Options[])[service.Options("x") with { Bucket = "nowhere" }, service.Options("x") with { AccessKey = "nobody", SecretKey = "a-wrong-secret" }, service.Options("x") with { Endpoint = new Uri($"http://127.0.0.1:{Installation.FreePort()}") }])
        {
            using var store = new S3Store(options);
            foreach (var act in (Func<Task>[])[() => store.Put("a", new MemoryStream([1]), Ct), () => store.Open("a", Ct), () => FileStoreContract.Keys(store, "")])
            {
                var refused = await Assert.ThrowsAsync<FileStoreException>(act);
                Assert.Contains(options.Endpoint.Authority, refused.Message, StringComparison.Ordinal);
                Assert.DoesNotContain(options.SecretKey!, $"{refused}", StringComparison.Ordinal);
            }
        }
    }

    /// <summary>A server of its own, with an empty bucket.</summary>
    private sealed class Service(Process process, string data, int port) : IAsyncDisposable
    {
        public S3Options Options(string? prefix) => S3Options.Parse($"s3+http://S3RVER:S3RVER@127.0.0.1:{port}/clientele{(prefix is null ? string.Empty : $"?prefix={prefix}")}", "TEST");

        public static async Task<Service> Start()
        {
            var missing = await NpmPackages.Storage.Missing;
            Assert.SkipUnless(missing is null, missing ?? string.Empty);
            var (port, data) = (Installation.FreePort(), Directory.CreateTempSubdirectory("clientele-bucket-").FullName);
            var start = new ProcessStartInfo("node") { WorkingDirectory = NpmPackages.Storage.Folder, RedirectStandardOutput = true, RedirectStandardError = true };
            // Its pages are numbered by an old cipher.
            foreach (var argument in (string[])["--openssl-legacy-provider", "node_modules/s3rver/bin/s3rver.js", "--directory", Path.Combine(data, "objects"), "--address", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture), "--silent", "--configure-bucket", "clientele"])
                start.ArgumentList.Add(argument);
            var service = new Service(Process.Start(start)!, data, port);
            using var probe = new HttpClient();
            await Installation.Until("the bucket", async () =>
            {
                if (service.Running.HasExited) throw new InvalidOperationException($"The server of the bucket ended: {await service.Running.StandardError.ReadToEndAsync(Ct)}");
                try { using var answer = await probe.GetAsync(new Uri($"http://127.0.0.1:{port}/"), Ct); return true; }
                catch (HttpRequestException) { return false; }
            });
            return service;
        }

        private Process Running => process;

        public async ValueTask DisposeAsync()
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
            Directory.Delete(data, recursive: true);
        }
    }
}
