using WanSharp.Tensors;

namespace WanSharp.Server.Security;

/// <summary>Files that only their owner may read, from their first byte on.</summary>
internal static class SecretFile
{
    /// <summary>Writes a file.</summary>
    /// <exception cref="IOException">It cannot be written; what was there before is unchanged.</exception>
    public static void Write(string path, byte[] content) =>
        AtomicFile.Write(
            path,
            stream =>
            {
                if (!OperatingSystem.IsWindows())
                {
                    File.SetUnixFileMode(stream.SafeFileHandle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                }

                stream.Write(content);
            }
        );
}
