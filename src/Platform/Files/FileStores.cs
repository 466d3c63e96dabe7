namespace Clientele.Platform.Files;

/// <summary>Which store this node uses.</summary>
public static class FileStores
{
    /// <summary>A folder, or the address of a bucket (<see cref="S3Options"/>).</summary>
    public const string Variable = "CLIENTELE_FILES";

    /// <param name="folder">Where files lie when the variable says nothing else.</param>
    /// <exception cref="Migrations.SetupException">The variable is not what it must be.</exception>
    /// <exception cref="FileStoreException">The folder cannot be used.</exception>
    public static IFileStore Open(string folder) => PlatformOptions.Word(Variable) switch
    {
        null => new DiskStore(folder),
        var given when given.Contains("://", StringComparison.Ordinal) => new S3Store(S3Options.Parse(given, Variable)),
        var given => new DiskStore(given),
    };
}
