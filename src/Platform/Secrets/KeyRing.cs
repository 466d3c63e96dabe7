using System.Security.Cryptography;
using System.Text;
using Clientele.Platform.Migrations;

namespace Clientele.Platform.Secrets;

/// <summary>
/// The keys that secrets are encrypted and seals are signed with. They are never in the database, so that a copy of it opens
/// nothing. The first key is the current one; the others are kept to read what was made with them.
/// From <c>CLIENTELE_KEYS</c> (keys in Base64, the current one first, between commas: the same on every node), or the file
/// <c>keys</c> in the data folder, which is made at the first start. Safe from several threads.
/// </summary>
public sealed class KeyRing
{
    public const string Variable = "CLIENTELE_KEYS";
    private const int KeyBytes = 32, NonceBytes = 12, TagBytes = 16, IdBytes = 8;
    private const byte Version = 1;

    private readonly string? file;
    private readonly Lock guard = new();
    private List<Key> keys;
    private DateTime read;

    private sealed record Key(string Id, byte[] Secret)
    {
        public static Key Of(byte[] secret) => new(Convert.ToHexStringLower(SHA256.HashData(secret))[..IdBytes], secret);

        // One secret, two uses: none can be turned into the other.
        public byte[] For(string use) => HKDF.DeriveKey(HashAlgorithmName.SHA256, Secret, KeyBytes, info: Encoding.UTF8.GetBytes("clientele " + use));

        // A record would print its secret.
        public override string ToString() => Id;
    }

    private KeyRing(List<Key> keys, string? file) => (this.keys, this.file, read) = (keys, file, file is null ? default : File.GetLastWriteTimeUtc(file));

    /// <summary>Keys that end with the process, for tests and tools.</summary>
    public static KeyRing Temporary() => new([Key.Of(RandomNumberGenerator.GetBytes(KeyBytes))], null);

    /// <summary>Whether there is a ring already.</summary>
    public static bool Exists(string folder) => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } || File.Exists(Path.Combine(Path.GetFullPath(folder), "keys"));

    /// <summary>The ring of a node; made when it is not there yet.</summary>
    /// <param name="folder">The data folder.</param>
    /// <exception cref="SetupException">The variable or the file is not what it must be.</exception>
    public static KeyRing Open(string folder)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given) return new KeyRing(Parse(given.Split(','), Variable), null);
        var path = Path.Combine(Path.GetFullPath(folder), "keys");
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetFullPath(folder));
            Write(path, [Key.Of(RandomNumberGenerator.GetBytes(KeyBytes))]);
        }
        return new KeyRing(Parse(File.ReadAllLines(path), path), path);
    }

    /// <summary>Keys as they would stand in <c>CLIENTELE_KEYS</c>.</summary>
    /// <exception cref="SetupException">They are not what they must be.</exception>
    public static KeyRing Of(string text) => new(Parse(text.Split(','), Variable), null);

    /// <summary>A key for <c>CLIENTELE_KEYS</c>.</summary>
    public static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes));

    /// <summary>The id of the key that is used now. An id tells nothing of its key.</summary>
    public string Current => Keys[0].Id;

    /// <summary>All ids, the current one first.</summary>
    public IReadOnlyList<string> Ids => [.. Keys.Select(k => k.Id)];

    /// <summary>The ring is a file, so the executable can change it.</summary>
    public bool IsFile => file is not null;

    /// <summary>The keys themselves, one a line, as the file <c>keys</c> has them: for a backup that is to hold them.</summary>
    public string Export() => string.Concat(Keys.Select(k => Convert.ToBase64String(k.Secret) + "\n"));

    /// <summary>Encrypts.</summary>
    /// <param name="purpose">What it is for, and whose: what was encrypted for one purpose opens for no other.</param>
    public byte[] Close(string purpose, ReadOnlySpan<byte> plain)
    {
        var key = Keys[0];
        var closed = new byte[1 + IdBytes + NonceBytes + TagBytes + plain.Length];
        closed[0] = Version;
        Encoding.ASCII.GetBytes(key.Id, closed.AsSpan(1));
        var nonce = closed.AsSpan(1 + IdBytes, NonceBytes);
        var tag = closed.AsSpan(1 + IdBytes + NonceBytes, TagBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key.For("encryption"), TagBytes);
        aes.Encrypt(nonce, plain, closed.AsSpan(1 + IdBytes + NonceBytes + TagBytes), tag, Encoding.UTF8.GetBytes(purpose));
        return closed;
    }

    /// <returns>Null when the key is not in the ring, or it was made for another purpose or changed.</returns>
    public byte[]? Open(string purpose, ReadOnlySpan<byte> closed)
    {
        if (IdOf(closed) is not { } id || Find(id) is not { } key) return null;
        var plain = new byte[closed.Length - 1 - IdBytes - NonceBytes - TagBytes];
        using var aes = new AesGcm(key.For("encryption"), TagBytes);
        try
        {
            aes.Decrypt(closed.Slice(1 + IdBytes, NonceBytes), closed[(1 + IdBytes + NonceBytes + TagBytes)..], closed.Slice(1 + IdBytes + NonceBytes, TagBytes), plain, Encoding.UTF8.GetBytes(purpose));
            return plain;
        }
        catch (AuthenticationTagMismatchException) { return null; }
    }

    /// <summary>Which key something was encrypted with; null when it was not made by a ring.</summary>
    public static string? IdOf(ReadOnlySpan<byte> closed) =>
        closed.Length < 1 + IdBytes + NonceBytes + TagBytes || closed[0] != Version ? null : Encoding.ASCII.GetString(closed.Slice(1, IdBytes));

    /// <summary>Signs with the current key.</summary>
    public (string KeyId, byte[] Signature) Sign(ReadOnlySpan<byte> data)
    {
        var key = Keys[0];
        return (key.Id, HMACSHA256.HashData(key.For("signature"), data));
    }

    /// <returns>Whether the signature is right; null when its key is not in the ring.</returns>
    public bool? Verify(string keyId, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        Find(keyId) is { } key ? CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(key.For("signature"), data), signature) : null;

    /// <summary>Puts a new key in front. Servers that run on the file take it up by themselves.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="InvalidOperationException">The ring is not a file.</exception>
    public string Rotate()
    {
        if (file is null) throw new InvalidOperationException("The ring is not a file.");
        lock (guard)
        {
            List<Key> next = [Key.Of(RandomNumberGenerator.GetBytes(KeyBytes)), .. Parse(File.ReadAllLines(file), file)];
            Write(file, next);
            (keys, read) = (next, File.GetLastWriteTimeUtc(file));
            return next[0].Id;
        }
    }

    /// <summary>Takes keys out that nothing needs any more; never the current one.</summary>
    public void Forget(IReadOnlyCollection<string> ids)
    {
        if (file is null) throw new InvalidOperationException("The ring is not a file.");
        lock (guard)
        {
            var all = Parse(File.ReadAllLines(file), file);
            List<Key> left = [all[0], .. all.Skip(1).Where(k => !ids.Contains(k.Id))];
            Write(file, left);
            (keys, read) = (left, File.GetLastWriteTimeUtc(file));
        }
    }

    private List<Key> Keys
    {
        get
        {
            if (file is null) return keys;
            lock (guard)
            {
                // Another process may have rotated it: as soon as it has, everybody encrypts with the new key.
                if (File.GetLastWriteTimeUtc(file) is var written && written != read && File.Exists(file)) (keys, read) = (Parse(File.ReadAllLines(file), file), written);
                return keys;
            }
        }
    }

    private Key? Find(string id) => Keys.Find(k => k.Id == id);

    private static List<Key> Parse(IEnumerable<string> lines, string where)
    {
        var found = new List<Key>();
        foreach (var line in lines.Select(l => l.Trim()).Where(l => l.Length > 0))
        {
            var bytes = new byte[KeyBytes + 1];
            if (!Convert.TryFromBase64String(line, bytes, out var length) || length != KeyBytes)
                throw new SetupException($"{where} must hold keys of 32 bytes in Base64, the current one first; make one with: openssl rand -base64 32");
            found.Add(Key.Of(bytes[..KeyBytes]));
        }
        return found.Count > 0 ? found : throw new SetupException($"{where} holds no key. Put it back from a backup: without its keys, what was encrypted stays closed.");
    }

    // Whoever reads it at the same moment sees the old one or the new one, whole.
    private static void Write(string path, IEnumerable<Key> keys)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var temporary = $"{path}.{Environment.ProcessId}";
        using (var writer = new StreamWriter(temporary, options))
            foreach (var key in keys) writer.WriteLine(Convert.ToBase64String(key.Secret));
        File.Move(temporary, path, overwrite: true);
    }
}
