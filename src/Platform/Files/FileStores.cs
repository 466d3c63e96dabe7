using Clientele.Platform.Migrations;

namespace Clientele.Platform.Files;

/// <summary>Which store this node uses.</summary>
public static class FileStores
{
    /// <summary>A folder, or the address of a bucket (<see cref="S3Options"/>).</summary>
    public const string Variable = "CLIENTELE_FILES";

    /// <param name="folder">Where files lie when the variable says nothing else.</param>
    /// <exception cref="SetupException">The variable is not what it must be, or the folder cannot be used.</exception>
    public static IFileStore Open(string folder)
    {
        var given = PlatformOptions.Word(Variable);
        if (given is not null && given.Contains("://", StringComparison.Ordinal)) return new S3Store(S3Options.Parse(given, Variable));
        try { return new DiskStore(given ?? folder); }
        catch (FileStoreException e) { throw new SetupException($"{e.Message} {Variable} names another place for files.", e); }
    }
}
