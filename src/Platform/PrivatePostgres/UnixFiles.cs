// Clientele runs on Linux and macOS only, which the compiler cannot know.
#pragma warning disable CA1416

namespace Clientele.Platform.PrivatePostgres;

/// <summary>Files and folders with the rights they should have from their first moment on.</summary>
internal static class UnixFiles
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode PassThrough = UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Ours alone; when we are root, PostgreSQL's account may pass through without listing it.</summary>
    internal static void MakeFolder(string folder)
    {
        Directory.CreateDirectory(folder, Environment.IsPrivilegedProcess ? OwnerOnly | PassThrough : OwnerOnly);
        if (Environment.IsPrivilegedProcess)
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherExecute);
    }

    /// <summary>Ours alone, whoever we are.</summary>
    internal static void MakePrivate(string folder) => Directory.CreateDirectory(folder, OwnerOnly);

    internal static FileStream OpenPrivate(string file, FileMode mode, FileShare share) => new(file, new FileStreamOptions
    {
        Mode = mode,
        Access = FileAccess.ReadWrite,
        Share = share,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    });
}
