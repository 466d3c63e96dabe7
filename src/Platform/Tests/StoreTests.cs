// Clientele runs on Linux and macOS only, which the compiler cannot know.
#pragma warning disable CA1416
using System.Security.Cryptography;
using System.Text;
using Clientele.Platform.Files;
using Clientele.Platform.Migrations;
using Clientele.Platform.Problems;
using Clientele.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Clientele.Platform.Tests;

/// <summary>Where files lie, what they are found to be, and how they are encrypted: without a database. The bucket has its test beside a real server, in the end-to-end tests.</summary>
public sealed class StoreTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("clientele-store-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public Task A_folder_does_what_a_store_does() => FileStoreContract.Hold(new DiskStore(Path.Combine(folder, "files")), 300_000);

    [Fact]
    public async Task Nobody_else_enters_the_folder_and_nothing_is_left_in_it()
    {
        var root = Path.Combine(folder, "files");
        var store = new DiskStore(root);
        await store.Put("a/b/c", new MemoryStream([1]), Ct);
        foreach (var path in (string[])[root, Path.Combine(root, ".incoming"), Path.Combine(root, "a"), Path.Combine(root, "a/b")])
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(root, "a/b/c")));
        await store.Delete("a/b/c", Ct);
        Assert.Equal([".incoming"], Directory.GetFileSystemEntries(root).Select(Path.GetFileName));

        // What a killed process had begun goes at a later start; what another node is writing stays.
        await File.WriteAllTextAsync(Path.Combine(root, ".incoming", "old"), "x", Ct);
        await File.WriteAllTextAsync(Path.Combine(root, ".incoming", "new"), "x", Ct);
        File.SetLastWriteTimeUtc(Path.Combine(root, ".incoming", "old"), TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-2));
        _ = new DiskStore(root);
        Assert.Equal(["new"], Directory.GetFiles(Path.Combine(root, ".incoming")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_used_says_so()
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "taken"), "x", Ct);
        Assert.Throws<FileStoreException>(() => new DiskStore(Path.Combine(folder, "taken")));
        var store = new DiskStore(Path.Combine(folder, "files"));
        await store.Put("a", new MemoryStream([1]), Ct);
        await Assert.ThrowsAsync<FileStoreException>(() => store.Put("a/b", new MemoryStream([1]), Ct));
    }

    // ----- the bucket's address

    [Fact]
    public void The_address_of_a_bucket_is_read_and_its_secret_not_told()
    {
        var all = S3Options.Parse("s3://key:s%2Fe%2Bc@storage.example:9000/bucket-1?region=eu-west-3&prefix=a/b/", "V");
        Assert.Equal((new Uri("https://storage.example:9000"), "bucket-1", "eu-west-3", "a/b/", "key", "s/e+c"), (all.Endpoint, all.Bucket, all.Region, all.Prefix, all.AccessKey, all.SecretKey));
        Assert.Equal("bucket-1/a/b/ at storage.example:9000", $"{all}");
        var few = S3Options.Parse("s3+http://localhost/bucket", "V");
        Assert.Equal((new Uri("http://localhost"), "us-east-1", string.Empty, null, null), (few.Endpoint, few.Region, few.Prefix, few.AccessKey, few.SecretKey));
        foreach (var wrong in (string[])["bucket", "https://x/bucket", "s3://host", "s3://host/", "s3://host/a/b", "s3://key@host/bucket", "s3://:hush@host/bucket", "s3://key:@host/bucket", "s3://k:hush@host/bucket?prefix=../x", "s3://k:hush@host/bucket?regoin=x"])
        {
            var refused = Assert.Throws<SetupException>(() => S3Options.Parse(wrong, "CLIENTELE_X"));
            Assert.StartsWith("CLIENTELE_X ", refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("hush", refused.Message, StringComparison.Ordinal);
        }
    }

    // ----- types

    private static readonly byte[] jpeg = [0xFF, 0xD8, 0xFF, 0xE0, 0, 16, (byte)'J', (byte)'F'];
    private static readonly byte[] png = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, 0, 0];

    /// <summary>An archive with so named, empty entries.</summary>
    internal static byte[] Zip(params string[] entries)
    {
        using var memory = new MemoryStream();
        using (var zip = new System.IO.Compression.ZipArchive(memory, System.IO.Compression.ZipArchiveMode.Create, leaveOpen: true))
            foreach (var entry in entries)
            {
                using var content = zip.CreateEntry(entry).Open();
                content.Write("some words, some words, some words"u8);
            }
        return memory.ToArray();
    }

    public static TheoryData<string, byte[], string, string?> Taken => new()
    {
        { "image/jpeg", jpeg, "a.jpg", "image/jpeg" }, { "image/jpeg", jpeg, "A.JPEG", "image/jpg" }, { "image/jpeg", jpeg, "a", null },
        { "image/png", png, "a.png", "image/png; charset=x" }, { "image/png", png, "a.png", "application/octet-stream" },
        { "image/gif", "GIF89a..."u8.ToArray(), "a.gif", "" }, { "image/webp", "RIFF\u0001\u0002\u0003\u0004WEBPVP8 "u8.ToArray(), "a.webp", "image/webp" },
        { "application/pdf", "%PDF-1.7\n"u8.ToArray(), "a.pdf", "application/pdf" },
        { "application/zip", Zip("a.txt"), "a.zip", "application/x-zip-compressed" }, { "application/zip", Zip(), "a.zip", null },
        { FileTypes.Docx, Zip("[Content_Types].xml", "_rels/.rels", "word/document.xml"), "a.docx", FileTypes.Docx }, { FileTypes.Docx, Zip("_rels/.rels", "word/document.xml"), "a.docx", "application/zip" },
        { FileTypes.Xlsx, Zip("[Content_Types].xml", "xl/workbook.xml"), "a.xlsx", null },
        { "application/zip", Zip("xl/notes.txt"), "a.zip", null },
        { "text/plain", "Hello, world\r\n"u8.ToArray(), "a.txt", "text/plain" }, { "text/plain", "Hello"u8.ToArray(), "notes", null }, { "text/plain", "# Hello"u8.ToArray(), "a.md", "text/markdown" },
        { "text/csv", "a;b\n1;2"u8.ToArray(), "a.csv", "application/vnd.ms-excel" }, { "text/csv", [0xEF, 0xBB, 0xBF, (byte)'a', (byte)',', (byte)'b'], "a.csv", "text/csv" },
        { "text/csv", [(byte)'n', 0xE9, (byte)'e'], "a.csv", null }, // Latin-1
        { "application/json", "{\"a\": 1}"u8.ToArray(), "a.json", "application/json" },
    };

    [Theory]
    [MemberData(nameof(Taken))]
    public void A_file_is_what_its_bytes_say(string type, byte[] bytes, string name, string? claimed) => Assert.Equal(type, FileTypes.Find(bytes, name, claimed));

    public static TheoryData<string, byte[], string, string?> NotTaken => new()
    {
        { "file_type_differs", jpeg, "a.png", null }, { "file_type_differs", jpeg, "a.jpg", "image/png" }, { "file_type_differs", "%PDF-1.7"u8.ToArray(), "a.jpg", "image/jpeg" },
        { "file_type_differs", "Hello"u8.ToArray(), "a.pdf", "application/pdf" }, { "file_type_differs", Zip("a.txt"), "a.docx", FileTypes.Docx }, { "file_type_differs", Zip("[Content_Types].xml", "word/document.xml"), "a.xlsx", null },
        { "file_type_differs", jpeg, "a.html", null }, { "file_type_differs", png, "a.jpg.exe", null }, { "file_type_differs", "Hello"u8.ToArray(), "a.txt", "text/html" },
        { "file_type_refused", "<svg xmlns='http://www.w3.org/2000/svg'/>"u8.ToArray(), "a.svg", "image/svg+xml" }, { "file_type_refused", "<svg/>"u8.ToArray(), "a.txt", null },
        { "file_type_refused", "\uFEFF \n<html>"u8.ToArray(), "a.csv", null }, { "file_type_refused", "<!doctype html>"u8.ToArray(), "a.html", "text/html" }, { "file_type_refused", "alert(1)"u8.ToArray(), "a.js", null },
        { "file_type_refused", "#!/bin/sh\n"u8.ToArray(), "a.txt", null }, { "file_type_refused", "echo off"u8.ToArray(), "a.bat", null }, { "file_type_refused", "MZ\u0090\0\u0003"u8.ToArray(), "a.txt", null }, { "file_type_refused", "\u007FELF"u8.ToArray(), "a", null },
        { "file_type_refused", [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "a.doc", "application/msword" }, { "file_type_refused", [0xFF, 0xFE, (byte)'a', 0], "a.csv", null }, { "file_type_refused", "{\\rtf1"u8.ToArray(), "a.txt", null },
        { "file_type_differs", [0xFF, 0xD8], "a.jpg", "image/jpeg" }, { "file_type_refused", "RIFF....WAVE"u8.ToArray()[..4].Concat(new byte[8]).ToArray(), "a.webp", null },
    };

    [Theory]
    [MemberData(nameof(NotTaken))]
    public void What_is_something_else_or_can_run_is_refused(string code, byte[] bytes, string name, string? claimed) =>
        Assert.Equal((415, code), Assert.Throws<Problem>(() => FileTypes.Find(bytes, name, claimed)) is var refused ? (refused.Status, refused.Code) : default);

    [Theory]
    [InlineData("passport.jpg", "passport.jpg")]
    [InlineData("/etc/../passwd", "passwd")]
    [InlineData("C:\\Users\\ann\\Été 2026.pdf", "Été 2026.pdf")]
    [InlineData("..", "file")]
    [InlineData("", "file")]
    [InlineData(null, "file")]
    [InlineData(".htaccess", "htaccess")]
    [InlineData("gpj.\u202Eexe.pdf", "gpj.exe.pdf")]
    [InlineData("a\r\nSet-Cookie: x\0.txt", "aSet-Cookie_ x.txt")]
    [InlineData("  a.txt. . ", "a.txt")]
    [InlineData("a<b>\"c\"|d?*.txt", "a_b__c__d__.txt")]
    [InlineData("文書 😀.pdf", "文書 😀.pdf")]
    public void Names_are_cleaned(string? given, string name) => Assert.Equal(name, FileTypes.CleanName(given));

    [Fact]
    public void A_long_name_keeps_its_ending()
    {
        Assert.Equal(new string('a', 196) + ".pdf", FileTypes.CleanName(new string('a', 500) + ".pdf"));
        Prop.ForAll(ArbMap.Default.ArbFor<string>(), given =>
            FileTypes.CleanName(given) is { Length: >= 1 and <= 200 } name && FileTypes.CleanName(name) == name && !name.Any(char.IsControl) && !name.Contains('/') && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name)) == name)
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public async Task What_hides_behind_a_good_beginning_is_found()
    {
        async Task<(int, string)> Refusal(byte[] bytes, string name, long limit = 1_000_000)
        {
            await using var file = await ArrivingFile.Look(new FileStoreContract.Dribble(bytes, null), name, null, limit, Ct);
            return await Assert.ThrowsAsync<Problem>(() => file.CopyToAsync(Stream.Null, 1000, Ct)) is var refused ? (refused.Status, refused.Code) : default;
        }
        byte[] text = [.. Enumerable.Repeat((byte)'a', 150_000)];
        text[140_000] = 0;
        Assert.Equal((415, "file_type_refused"), await Refusal(text, "a.txt"));
        Assert.Equal((413, "too_large"), await Refusal([.. Enumerable.Repeat((byte)'a', 150_000)], "a.txt", 149_999));
        // Wherever the name falls among the reads.
        foreach (var before in Enumerable.Range(0, 40))
            Assert.Equal((415, "file_type_refused"), await Refusal([.. Zip("[Content_Types].xml", "word/document.xml"), .. new byte[990 + before], .. "vbaProject.bin"u8, .. new byte[3000]], "a.docx"));
        await using var good = await ArrivingFile.Look(new MemoryStream(Zip("[Content_Types].xml", "word/document.xml")), "a.docx", null, 1_000_000, Ct);
        await good.CopyToAsync(Stream.Null, Ct);
        Assert.Equal((SHA256.HashData(Zip("[Content_Types].xml", "word/document.xml")).Length, good.Hash().Length), (32, 32));
        Assert.Equal((400, "file_empty"), await Assert.ThrowsAsync<Problem>(() => ArrivingFile.Look(Stream.Null, "a.txt", null, 1, Ct)) is var empty ? (empty.Status, empty.Code) : default);
    }

    // ----- encryption

    private static async Task<byte[]> Seal(byte[] plain, byte[] key)
    {
        await using var sealing = new SealingStream(new FileStoreContract.Dribble(plain, null), key);
        using var all = new MemoryStream();
        await sealing.CopyToAsync(all, 10_000, Ct);
        return all.ToArray();
    }

    private static async Task<byte[]> Unseal(byte[] closed, byte[] key, long length)
    {
        await using var opening = new OpeningStream(new MemoryStream(closed), key, length);
        using var all = new MemoryStream();
        await opening.CopyToAsync(all, 10_000, Ct);
        return all.ToArray();
    }

    private const int Chunk = SealedFile.ChunkBytes;

    private static Gen<int> Sizes => Gen.OneOf(Gen.Choose(0, 300), Gen.Choose(0, 4).SelectMany(n => Gen.Choose(-2, 2).Select(d => Math.Max(0, n * Chunk + d))), Gen.Choose(0, 4 * Chunk));

    [Fact]
    public void What_was_encrypted_comes_out_again_whole_and_from_anywhere() =>
        Prop.ForAll(Sizes.SelectMany(size => Gen.Choose(0, int.MaxValue).Select(seed => (size, seed))).ToArbitrary(), async given =>
        {
            var random = new Random(given.seed);
            var (plain, key) = (new byte[given.size], RandomNumberGenerator.GetBytes(32));
            random.NextBytes(plain);
            var closed = await Seal(plain, key);
            Assert.Equal(SealedFile.StoredBytes(plain.Length), closed.Length);
            Assert.Equal(plain, await Unseal(closed, key, plain.Length));
            await using var opening = new OpeningStream(new MemoryStream(closed), key, plain.Length);
            for (var i = 0; i < 5 && plain.Length > 0; i++)
            {
                var from = random.Next(plain.Length);
                var part = new byte[random.Next(1, plain.Length - from + 1)];
                opening.Seek(from, SeekOrigin.Begin);
                await opening.ReadExactlyAsync(part, Ct);
                Assert.Equal(plain.AsSpan(from, part.Length).ToArray(), part);
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    [Trait("Runs", "processes")]
    public void What_was_changed_cut_added_or_moved_is_refused() =>
        Prop.ForAll(Sizes.SelectMany(size => Gen.Choose(0, int.MaxValue).Select(seed => (size, seed))).ToArbitrary(), async given =>
        {
            var random = new Random(given.seed);
            var (plain, key) = (new byte[given.size], RandomNumberGenerator.GetBytes(32));
            random.NextBytes(plain);
            var closed = await Seal(plain, key);
            var whole = Chunk + SealedFile.TagBytes;
            var tampered = (byte[])closed.Clone();
            tampered[random.Next(closed.Length)] ^= (byte)(1 << random.Next(8));
            await Refused(tampered, key, plain.Length);
            await Refused(closed[..random.Next(closed.Length)], key, plain.Length);
            await Refused([.. closed, 0], key, plain.Length);
            await Refused(closed, RandomNumberGenerator.GetBytes(32), plain.Length);
            // A shorter length in the row: an earlier chunk is no last one.
            if (plain.Length > Chunk) await Refused(closed[..(1 + whole)], key, Chunk);
            if (plain.Length > 2 * Chunk)
            {
                byte[] swapped = [closed[0], .. closed.AsSpan(1 + whole, whole), .. closed.AsSpan(1, whole), .. closed.AsSpan(1 + 2 * whole)];
                await Refused(swapped, key, plain.Length);
            }
        }).QuickCheckThrowOnFailure();

    private static async Task Refused(byte[] closed, byte[] key, long length)
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => Unseal(closed, key, length));
        Assert.True(refused is InvalidDataException, $"{refused}");
    }
}
