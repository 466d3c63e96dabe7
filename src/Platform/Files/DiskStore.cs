// Clientele runs on Linux and macOS only, which the compiler cannot know.
#pragma warning disable CA1416
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Clientele.Platform.Files;

/// <summary>
/// Files in a folder that only its owner can enter. A file is written under <c>.incoming</c> and takes its name when it is whole and on the disk.
/// Several nodes may share the folder over a network file system that renames at once, as NFS does.
/// </summary>
public sealed partial class DiskStore : IFileStore, IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly string folder;
    private readonly string incoming;
    private bool temporary;

    /// <param name="folder">Made when it is not there.</param>
    /// <exception cref="FileStoreException">It cannot be made or entered.</exception>
    public DiskStore(string folder)
    {
        this.folder = Path.GetFullPath(folder);
        incoming = Path.Combine(this.folder, ".incoming");
        Doing($"use the folder {this.folder}", () =>
        {
            Make(this.folder);
            Make(incoming);
            // What a process that was killed had begun. Nothing takes a day to arrive.
            foreach (var left in new DirectoryInfo(incoming).EnumerateFiles())
                if (left.LastWriteTimeUtc < TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-1)) left.Delete();
        });
    }

    /// <summary>A folder that goes with it, for tests and tools.</summary>
    public static DiskStore Temporary() => new(Directory.CreateTempSubdirectory("clientele-files-").FullName) { temporary = true };

    /// <inheritdoc/>
    public void Dispose()
    {
        if (temporary && Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    /// <inheritdoc/>
    public async Task Put(string key, Stream content, CancellationToken ct)
    {
        var path = PathOf(key);
        var temporary = Path.Combine(incoming, Guid.NewGuid().ToString("N"));
        try
        {
            await using (var file = Doing("write", () => new FileStream(temporary, new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            })))
            {
                var buffer = new byte[128 * 1024];
                // Faults of what is read are the reader's; only those of the disk are the store's.
                while (await content.ReadAsync(buffer, ct) is > 0 and var read)
                {
                    try { await file.WriteAsync(buffer.AsMemory(0, read), ct); }
                    catch (IOException e) { throw Failed("write", e); }
                }
                Doing("write", () => file.Flush(flushToDisk: true));
            }
            Doing("write", () => Name(temporary, path));
            // The names, too, are on the disk before anybody hears of the file.
            for (var parent = Path.GetDirectoryName(path)!; parent.Length >= folder.Length; parent = Path.GetDirectoryName(parent)!) Sync(parent);
        }
        finally { File.Delete(temporary); }
    }

    // .NET opens no folders. A file system that cannot do it, as some over a network, says so, and is left to itself.
    private static void Sync(string path)
    {
        if (OpenFolder(path, 0) is not (>= 0 and var handle)) return;
        _ = SyncFolder(handle);
        _ = CloseFolder(handle);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFolder(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int SyncFolder(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseFolder(int handle);

    // Each folder above it too: CreateDirectory gives the rights to the last alone.
    private static void Make(string path)
    {
        if (Directory.Exists(path)) return;
        if (Path.GetDirectoryName(path) is { } parent) Make(parent);
        Directory.CreateDirectory(path, OwnerOnly);
    }

    // A folder that became empty may be removed at this very moment.
    private static void Name(string temporary, string path)
    {
        for (var attempt = 1; ; attempt++)
        {
            try { Make(Path.GetDirectoryName(path)!); File.Move(temporary, path, overwrite: true); return; }
            catch (DirectoryNotFoundException) when (attempt < 10) { }
        }
    }

    /// <inheritdoc/>
    public Task<Stream?> Open(string key, CancellationToken ct)
    {
        var path = PathOf(key);
        return Task.FromResult(Doing<Stream?>("read", () =>
        {
            try { return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 64 * 1024, FileOptions.Asynchronous); }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException) { return null; }
            // A folder of that name.
            catch (UnauthorizedAccessException) when (Directory.Exists(path)) { return null; }
        }));
    }

    /// <inheritdoc/>
    public Task Delete(string key, CancellationToken ct)
    {
        var path = PathOf(key);
        Doing("delete", () =>
        {
            try { File.Delete(path); }
            catch (DirectoryNotFoundException) { return; }
            catch (UnauthorizedAccessException) when (Directory.Exists(path)) { return; }
            // Nothing is left of an organization that was deleted, not even its folder.
            for (var parent = Path.GetDirectoryName(path)!; parent != folder; parent = Path.GetDirectoryName(parent)!)
            {
                try { Directory.Delete(parent); }
                catch (IOException) { return; }
            }
        });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredFile> List(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        FileKeys.CheckPrefix(prefix);
        await Task.CompletedTask;
        // The last whole folder of the prefix is where to look; what follows it is the beginning of a name.
        var within = Path.Combine(folder, prefix[..(prefix.LastIndexOf('/') + 1)]);
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = false };
        using var files = Doing("list", () => Directory.Exists(within) ? new DirectoryInfo(within).EnumerateFiles("*", options).GetEnumerator() : Enumerable.Empty<FileInfo>().GetEnumerator());
        while (Doing("list", files.MoveNext))
        {
            ct.ThrowIfCancellationRequested();
            var key = Path.GetRelativePath(folder, files.Current.FullName);
            if (!key.StartsWith('.') && key.StartsWith(prefix, StringComparison.Ordinal) && Seen(key, files.Current) is { } seen) yield return seen;
        }
    }

    // Null: it was deleted since it was listed.
    private static StoredFile? Seen(string key, FileInfo file)
    {
        try { return new StoredFile(key, file.Length, file.LastWriteTimeUtc); }
        catch (FileNotFoundException) { return null; }
    }

    private string PathOf(string key) => Path.Combine(folder, FileKeys.Check(key));

    private void Doing(string what, Action act) => Doing(what, () => { act(); return true; });

    private T Doing<T>(string what, Func<T> act)
    {
        try { return act(); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw Failed(what, e); }
    }

    private FileStoreException Failed(string what, Exception e) => new($"Cannot {what} in {folder}: {e.Message}", e);
}
