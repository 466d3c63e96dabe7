using System.Security.Cryptography;
using Clientele.Platform.Files;
using Xunit;

namespace Clientele.Testing;

/// <summary>What every store of files does, held to the one interface: a test of each kind calls all of it.</summary>
public static class FileStoreContract
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <param name="store">An empty one.</param>
    /// <param name="large">A size past what the store takes in one piece.</param>
    public static async Task Hold(IFileStore store, int large)
    {
        await Puts_and_gives_back(store, large);
        await Seeks(store);
        await Lists(store);
        await Breaks_off(store, large);
        await Refuses_what_is_no_key(store);
    }

    private static async Task Puts_and_gives_back(IFileStore store, int large)
    {
        foreach (var size in (int[])[0, 1, 70_000, large, large + 1])
        {
            var bytes = RandomNumberGenerator.GetBytes(size);
            // A stream of known length, and one that does not tell it and comes in dribs and drabs.
            await store.Put($"size/{size}", new MemoryStream(bytes), Ct);
            Assert.Equal(bytes, await Read(store, $"size/{size}"));
            await store.Put($"size/{size}", new Dribble(bytes, null), Ct);
            Assert.Equal(bytes, await Read(store, $"size/{size}"));
            await store.Delete($"size/{size}", Ct);
            Assert.Null(await store.Open($"size/{size}", Ct));
        }
        await store.Put("again", new MemoryStream([1, 2, 3]), Ct);
        await store.Put("again", new MemoryStream([4]), Ct);
        Assert.Equal([4], await Read(store, "again"));
        await store.Delete("again", Ct);
        await store.Delete("again", Ct);
        await store.Delete("never/was", Ct);
    }

    private static async Task Seeks(IFileStore store)
    {
        var bytes = RandomNumberGenerator.GetBytes(200_000);
        await store.Put("seek", new MemoryStream(bytes), Ct);
        await using (var stream = (await store.Open("seek", Ct))!)
        {
            Assert.Equal((bytes.Length, true), (stream.Length, stream.CanSeek));
            foreach (var at in (int[])[0, 199_999, 5, 100_000, 100_010, 0])
            {
                stream.Seek(at, SeekOrigin.Begin);
                var part = new byte[Math.Min(10, bytes.Length - at)];
                await stream.ReadExactlyAsync(part, Ct);
                Assert.Equal(bytes.AsSpan(at, part.Length).ToArray(), part);
                Assert.Equal(at + part.Length, stream.Position);
            }
            stream.Seek(0, SeekOrigin.End);
            Assert.Equal(0, await stream.ReadAsync(new byte[10], Ct));
        }
        await store.Delete("seek", Ct);
    }

    private static async Task Lists(IFileStore store)
    {
        string[] keys = ["b", "a/1", "a/10", "a/2/x.tar.gz", "ab/1", "a-b_c"];
        foreach (var key in keys) await store.Put(key, new MemoryStream(new byte[key.Length]), Ct);
        Assert.Equal(keys.Order(StringComparer.Ordinal), await Keys(store, ""));
        Assert.Equal(["a/1", "a/10", "a/2/x.tar.gz"], await Keys(store, "a/"));
        Assert.Equal(["a/1", "a/10"], await Keys(store, "a/1"));
        Assert.Equal(["a-b_c", "a/1", "a/10", "a/2/x.tar.gz", "ab/1"], await Keys(store, "a"));
        Assert.Empty(await Keys(store, "c/"));
        await foreach (var file in store.List("", Ct))
        {
            Assert.Equal(file.Key.Length, file.Bytes);
            Assert.InRange(file.ModifiedAt, TimeProvider.System.GetUtcNow().AddHours(-1), TimeProvider.System.GetUtcNow().AddHours(1));
        }
        foreach (var key in keys) await store.Delete(key, Ct);
        Assert.Empty(await Keys(store, ""));
    }

    private static async Task Breaks_off(IFileStore store, int large)
    {
        foreach (var size in (int[])[10, large + 5])
        {
            var before = RandomNumberGenerator.GetBytes(5);
            await store.Put("half", new MemoryStream(before), Ct);
            await Assert.ThrowsAsync<InvalidOperationException>(() => store.Put("half", new Dribble(new byte[size], new InvalidOperationException("The sender is gone.")), Ct));
            await Assert.ThrowsAsync<InvalidOperationException>(() => store.Put("new", new Dribble(new byte[size], new InvalidOperationException("The sender is gone.")), Ct));
            using var stop = new CancellationTokenSource();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.Put("new", new Dribble(new byte[size], null, stop.Cancel), stop.Token));
            Assert.Equal(before, await Read(store, "half"));
            Assert.Equal(["half"], await Keys(store, ""));
            await store.Delete("half", Ct);
        }
    }

    private static async Task Refuses_what_is_no_key(IFileStore store)
    {
        foreach (var key in (string[])["", "/", "/a", "a/", "a//b", "..", "../a", "a/../b", "a/..", "./a", ".incoming/x", "a/.b", "a b", "a\\b", "a\0b", "a\n", "ä", "a:b", "a%2fb", "~", "*", new('a', 501)])
        {
            await Assert.ThrowsAsync<ArgumentException>(() => store.Put(key, new MemoryStream([1]), Ct));
            await Assert.ThrowsAsync<ArgumentException>(() => store.Open(key, Ct));
            await Assert.ThrowsAsync<ArgumentException>(() => store.Delete(key, Ct));
        }
        foreach (var prefix in (string[])["/", "../", "a/../", ".", "a//", "a b"])
            await Assert.ThrowsAsync<ArgumentException>(() => Keys(store, prefix));
        Assert.Empty(await Keys(store, ""));
    }

    private static async Task<byte[]> Read(IFileStore store, string key)
    {
        await using var stream = (await store.Open(key, Ct))!;
        using var all = new MemoryStream();
        await stream.CopyToAsync(all, Ct);
        return all.ToArray();
    }

    public static async Task<List<string>> Keys(IFileStore store, string prefix)
    {
        var keys = new List<string>();
        await foreach (var file in store.List(prefix, Ct)) keys.Add(file.Key);
        return [.. keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>A body as it comes from a network: of unknown length, a little at a time, and it may break off at its end.</summary>
    public sealed class Dribble(byte[] bytes, Exception? fault, Action? atEnd = null) : Stream
    {
        private int given;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct = default)
        {
            ct.ThrowIfCancellationRequested();
            var count = Math.Min(Math.Min(buffer.Length, bytes.Length - given), 1 + given % 30_011);
            if (count == 0 && fault is not null) throw fault;
            if (count == 0 && atEnd is not null)
            {
                atEnd();
                ct.ThrowIfCancellationRequested();
            }
            bytes.AsMemory(given, count).CopyTo(buffer);
            given += count;
            return ValueTask.FromResult(count);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
