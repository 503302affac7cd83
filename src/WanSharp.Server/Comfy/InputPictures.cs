using System.Text.Json;
using Microsoft.AspNetCore.Http;
using WanSharp.Server.Http;
using WanSharp.Server.Pictures;
using WanSharp.Server.Security;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Server.Comfy;

/// <summary>
/// The pictures that clients uploaded, by the names that they gave them. A name is never a path: it is kept in a file that is named after
/// the name's digest. Thread-safe.
/// </summary>
/// <param name="store">Keeps the pictures themselves.</param>
/// <param name="folder">Where the names are kept.</param>
internal sealed class InputPictures(PictureStore store, string folder) : IKeptPictures, IDisposable
{
    private const int LongestName = 200;
    private const int MostNames = 100_000;
    private const string Suffix = " [input]";

    /// <summary>For how long a picture is kept after its upload, if no video needs it.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    /// <summary>What cannot be read is left alone for so long: it may be an upload that is being written.</summary>
    private static readonly TimeSpan Young = TimeSpan.FromHours(1);

    private readonly SemaphoreSlim _gate = new(1);

    public void Dispose() => _gate.Dispose();

    /// <summary>Keeps a picture.</summary>
    /// <param name="file">The picture.</param>
    /// <param name="subfolder">What the client sorts it into; empty for nothing.</param>
    /// <param name="caller">Who brings it.</param>
    /// <param name="overwrite">Whether it takes the place of another one of its name; otherwise it gets another name.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The name that it got, without the subfolder.</returns>
    /// <exception cref="ApiException">It is no picture, or its name is not taken.</exception>
    public async Task<string> SaveAsync(
        IFormFile file,
        string subfolder,
        Caller caller,
        bool overwrite,
        CancellationToken cancellationToken
    )
    {
        var asked = file.FileName;
        RequireName("image", asked, allowsSlash: false);
        RequireName("subfolder", subfolder, allowsSlash: true);
        var path = await store.SaveAsync(new PictureSource("image", file, null), caller, cancellationToken).ConfigureAwait(false);
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            DurableFiles.CreateFolder(folder);
            var name = asked;
            for (var i = 1; !overwrite && Find(Joined(subfolder, name)) is { } other && other != path; i++)
            {
                name = $"{Path.GetFileNameWithoutExtension(asked)} ({i}){Path.GetExtension(asked)}";
            }

            if (Directory.EnumerateFiles(folder).Take(MostNames).Count() == MostNames)
            {
                throw new ApiException(
                    507,
                    "storage_full",
                    $"There are {MostNames} pictures already: delete the folder {Path.GetFileName(folder)}."
                );
            }

            var full = Joined(subfolder, name);
            AtomicFile.Write(PlaceOf(full), JsonSerializer.SerializeToUtf8Bytes(new[] { full, path }, InputJson.Default.StringArray));
            return name;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The file of a picture; null where none has that name.</summary>
    /// <param name="name">Its name, as <c>sub/name.png</c> or <c>name.png [input]</c>.</param>
    public string? Find(string name)
    {
        var plain = name.EndsWith(Suffix, StringComparison.Ordinal) ? name[..^Suffix.Length] : name;
        return Read(PlaceOf(plain.Replace('\\', '/').Trim('/'))) is [_, var path] && File.Exists(path) ? path : null;
    }

    /// <inheritdoc/>
    public IReadOnlySet<string> Sweep(DateTimeOffset now)
    {
        var kept = new HashSet<string>(StringComparer.Ordinal);
        var old = (now - Kept).UtcDateTime;
        foreach (var place in Directory.Exists(folder) ? Directory.EnumerateFiles(folder) : [])
        {
            if (Read(place) is [_, var path] && File.Exists(path) && File.GetLastWriteTimeUtc(place) > old)
            {
                kept.Add(Path.GetFileName(path));
            }
            else if (File.GetLastWriteTimeUtc(place) < (now - Young).UtcDateTime)
            {
                File.Delete(place);
            }
        }

        return kept;
    }

    /// <summary>Some of the names, in alphabetical order.</summary>
    public IReadOnlyList<string> Names() =>
        Directory.Exists(folder)
            ?
            [
                .. Directory
                    .EnumerateFiles(folder)
                    .Take(1000)
                    .Select(Read)
                    .OfType<string[]>()
                    .Select(one => one[0])
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    private static string Joined(string subfolder, string name) =>
        subfolder.Length == 0 ? name : $"{subfolder.Replace('\\', '/').Trim('/')}/{name}";

    private string PlaceOf(string name) => Path.Combine(folder, Digests.OfText(name));

    private static string[]? Read(string place)
    {
        try
        {
            return JsonSerializer.Deserialize(PlainFile.ReadAllBytes(place), InputJson.Default.StringArray) is [_, _] one ? one : null;
        }
        catch (Exception exception) when (exception is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void RequireName(string field, string name, bool allowsSlash)
    {
        if (
            name.Length > LongestName
            || name.Any(c => char.IsControl(c) || (!allowsSlash && c is '/' or '\\'))
            || name.Replace('\\', '/').Split('/').Contains("..")
            || (!allowsSlash && name.Length == 0)
        )
        {
            throw ApiException.Invalid(field, $"The {field}'s name is not a plain one of 1 to {LongestName} characters.");
        }
    }
}
