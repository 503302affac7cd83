using WanSharp.Server.Http;
using WanSharp.Server.Security;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Server.Pictures;

/// <summary>
/// Files that requests bring, named by their digests: what a client calls them is never a path, and one that comes again is there already.
/// There is room for so many bytes in all, and for each key that says how many. Thread-safe.
/// </summary>
/// <param name="folder">Where they are.</param>
/// <param name="mostBytes">How many bytes of them there may be.</param>
/// <param name="clock">The clock.</param>
internal sealed class UploadFolder(string folder, long mostBytes, TimeProvider clock)
{
    private const string Owners = "owners"; // for each key a folder of empty files, named as those that it brought

    /// <summary>The folders of notes who brought what, of files that may be gone.</summary>
    /// <param name="folder">Where the files are.</param>
    public static IEnumerable<string> NotesIn(string folder) =>
        Path.Combine(folder, Owners) is var owners && Directory.Exists(owners) ? Directory.EnumerateDirectories(owners) : [];

    /// <summary>Keeps a file.</summary>
    /// <param name="caller">Who brings it.</param>
    /// <param name="write">Writes it.</param>
    /// <param name="check">Refuses what it must not be; not asked of a file that is there already.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>Its full path.</returns>
    /// <exception cref="ApiException">There is no room for it.</exception>
    public async Task<string> SaveAsync(
        Caller caller,
        Func<Stream, CancellationToken, Task> write,
        Func<string, CancellationToken, Task> check,
        CancellationToken cancellationToken
    )
    {
        DurableFiles.CreateFolder(folder);
        RequireRoom(caller, length: 1); // before anything comes
        var trial = Path.Combine(folder, $".{Guid.NewGuid():N}");
        try
        {
            var stream = new FileStream(trial, FileMode.CreateNew, FileAccess.Write);
            await using (stream.ConfigureAwait(false))
            {
                await write(stream, cancellationToken).ConfigureAwait(false);
            }

            var path = Path.Combine(folder, await Digests.OfFileAsync(trial, cancellationToken).ConfigureAwait(false));
            if (File.Exists(path))
            {
                // whoever sweeps takes it for young; the time of its content stays, by which running videos know that it is what it was
                File.SetLastAccessTimeUtc(path, clock.GetUtcNow().UtcDateTime);
            }
            else
            {
                RequireRoom(caller, FileFacts.Of(trial).Length);
                await check(trial, cancellationToken).ConfigureAwait(false);
                DurableFiles.Flush(trial);
                DurableFiles.Rename(trial, path, overwrite: true);
            }

            Note(caller, path);
            return path;
        }
        finally
        {
            File.Delete(trial);
        }
    }

    /// <summary>Refuses what would fill the disk: clients need not delete what they send, and it is kept for days.</summary>
    private void RequireRoom(Caller caller, long length)
    {
        if (Files(folder).Sum(file => file.Exists ? file.Length : 0) + length > mostBytes)
        {
            throw new ApiException(
                507,
                "storage_full",
                $"The server keeps {mostBytes >> 20} MiB of files already: wait until those that no video needs are cleared away."
            );
        }

        if (caller.MostUploadBytes is { } most && BytesOf(caller) + length > most)
        {
            throw new ApiException(
                507,
                "quota_used_up",
                $"The key '{caller.Name}' may have {most >> 20} MiB of files here: delete videos that need them, and wait an hour."
            );
        }
    }

    /// <summary>The bytes of the files that a caller brought and that are still there.</summary>
    private long BytesOf(Caller caller)
    {
        var sum = 0L;
        foreach (var note in Directory.Exists(OwnerOf(caller)) ? Files(OwnerOf(caller)) : [])
        {
            var file = FileFacts.Of(Path.Combine(folder, note.Name));
            if (file.Exists)
            {
                sum += file.Length;
            }
        }

        return sum;
    }

    /// <summary>Notes who brought a file, where that counts.</summary>
    private void Note(Caller caller, string path)
    {
        if (caller.MostUploadBytes is not null)
        {
            Directory.CreateDirectory(OwnerOf(caller));
            File.Create(Path.Combine(OwnerOf(caller), Path.GetFileName(path))).Dispose();
        }
    }

    private string OwnerOf(Caller caller) => Path.Combine(folder, Owners, Digests.OfText(caller.Name)[..16]);

    private static IEnumerable<FileInfo> Files(string folder) =>
        new DirectoryInfo(folder).EnumerateFiles().Where(file => !file.Name.StartsWith('.')); // those are on their way
}
