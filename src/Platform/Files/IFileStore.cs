using System.Text.RegularExpressions;

namespace Clientele.Platform.Files;

/// <summary>
/// Where bytes lie: a folder, or a bucket that speaks S3. Knows nothing of organizations, names or permissions.
/// Keys are ours: words of letters, digits, dots, underscores and hyphens between slashes, none of which begins with a dot. Safe from several threads.
/// </summary>
public interface IFileStore
{
    /// <summary>Puts a file whole or not at all, in the place of one that has the key already. The stream's length need not be known.</summary>
    /// <exception cref="ArgumentException">The key is none.</exception>
    /// <exception cref="FileStoreException">The store is away, full or refuses.</exception>
    Task Put(string key, Stream content, CancellationToken ct);

    /// <summary>The file's bytes, as a stream that can seek; null: there is none.</summary>
    /// <exception cref="ArgumentException">The key is none.</exception>
    /// <exception cref="FileStoreException">The store is away or refuses.</exception>
    Task<Stream?> Open(string key, CancellationToken ct);

    /// <summary>Deletes a file; when there is none, that is fine.</summary>
    /// <exception cref="ArgumentException">The key is none.</exception>
    /// <exception cref="FileStoreException">The store is away or refuses.</exception>
    Task Delete(string key, CancellationToken ct);

    /// <summary>Files whose key begins so, in no order; empty: all. What is still being put is not among them.</summary>
    /// <exception cref="ArgumentException">No key can begin so.</exception>
    /// <exception cref="FileStoreException">The store is away or refuses.</exception>
    IAsyncEnumerable<StoredFile> List(string prefix, CancellationToken ct);
}

/// <param name="Bytes">Its size.</param>
/// <param name="ModifiedAt">When it was put, by the store's clock.</param>
public sealed record StoredFile(string Key, long Bytes, DateTimeOffset ModifiedAt);

/// <summary>The store did not do it: it is away, full, or refuses. The message is for operators.</summary>
public sealed class FileStoreException(string message, Exception? inner = null) : Exception(message, inner);

internal static partial class FileKeys
{
    public const int Longest = 500;

    /// <exception cref="ArgumentException">It could leave the folder, or a bucket would read it otherwise.</exception>
    public static string Check(string key) =>
        key.Length <= Longest && Whole().IsMatch(key) ? key : throw new ArgumentException($"\"{key}\" is no key of a file.", nameof(key));

    /// <exception cref="ArgumentException">No key can begin so.</exception>
    public static string CheckPrefix(string prefix) =>
        prefix.Length <= Longest && Beginning().IsMatch(prefix) ? prefix : throw new ArgumentException($"No key of a file begins with \"{prefix}\".", nameof(prefix));

    // \z, not $: the latter also stands before a line end.
    [GeneratedRegex(@"\A[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\z")]
    private static partial Regex Whole();

    [GeneratedRegex(@"\A([A-Za-z0-9_-][A-Za-z0-9._-]*/)*([A-Za-z0-9_-][A-Za-z0-9._-]*)?\z")]
    private static partial Regex Beginning();
}
