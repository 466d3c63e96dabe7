using System.Globalization;
using System.Text;

namespace Clientele.Platform.PrivatePostgres;

/// <summary>
/// One process per data folder. The kernel holds the lock (flock), so it ends with the process however that ends;
/// the file stays and only tells who holds it.
/// </summary>
public sealed class DataFolderLock : IDisposable
{
    private readonly FileStream file;

    private DataFolderLock(FileStream file) => this.file = file;

    /// <summary>For a server whose database is elsewhere: its timelines, files and keys are in the folder all the same.</summary>
    /// <param name="dataFolder">Made when missing.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="PrivatePostgresException">Another process holds it, or it cannot be used; the message is one line with the cure.</exception>
    public static async Task<DataFolderLock> Hold(string dataFolder, CancellationToken ct) => await Take(await DataFolder.At(dataFolder).Claim(ct), ct);

    /// <summary>Whether a process holds the folder now; also when that cannot be found out.</summary>
    public static bool IsHeld(string dataFolder)
    {
        try
        {
            // The lock is had for an instant when nobody holds it: not to be asked in a loop while a server may be starting.
            using var file = new FileStream(DataFolder.At(dataFolder).LockFile, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException) { return false; }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return true; }
    }

    internal static async Task<DataFolderLock> Take(DataFolder folder, CancellationToken cancellation)
    {
        FileStream file;
        try
        {
            file = UnixFiles.OpenPrivate(folder.LockFile, FileMode.OpenOrCreate, FileShare.None);
        }
        catch (IOException inner) when (inner is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException) && File.Exists(folder.LockFile))
        {
            throw new PrivatePostgresException(
                $"The data folder {folder.Root} is in use by another Clientele ({await Holder(folder, cancellation)}): stop that one, or name another folder with --data.", inner);
        }
        catch (Exception inner) when (inner is IOException or UnauthorizedAccessException)
        {
            throw Failure.OfFolder(folder.Root, inner);
        }
        file.SetLength(0);
        file.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"));
        file.Flush();
        return new(file);
    }

    /// <summary>Lets the folder go.</summary>
    public void Dispose() => file.Dispose();

    // Not by .NET: it takes a lock even to read, and would be refused in its turn.
    private static async Task<string> Holder(DataFolder folder, CancellationToken cancellation)
    {
        var read = await Command.Run("cat", ["--", folder.LockFile], cancellation);
        return int.TryParse(read.Output, out var processId) ? $"process {processId}" : "a process that is just starting";
    }
}
