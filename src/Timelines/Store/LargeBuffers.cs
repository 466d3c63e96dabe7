using System.Runtime.InteropServices;

namespace Clientele.Timelines.Store;

/// <summary>
/// Lets go of large buffers of native memory when they are freed. The GNU C library learns from the first large one that is freed to keep
/// the next ones for itself; as each merge needs a little more than the one before, none of what it keeps fits, and a server that takes
/// in events for an hour holds several times the size of its files.
/// </summary>
internal static partial class LargeBuffers
{
    // M_MMAP_THRESHOLD: from this many bytes on, memory comes from the system and goes back to it. Setting it ends the learning.
    private const int Threshold = -3;
    private const int Large = 128 * 1024;

    public static void GiveBack()
    {
        if (!OperatingSystem.IsLinux()) return;
        try { _ = SetOption(Threshold, Large); }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException) { /* another C library, which has ways of its own */ }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);
}
