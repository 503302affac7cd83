using WanSharp.Cli.Terminal;
using WanSharp.Hosting.Batches;
using WanSharp.Jobs.Films;
using WanSharp.Jobs.Storage;
using WanSharp.Media;
using WanSharp.Media.Clips;
using WanSharp.Media.Metadata;
using WanSharp.Tensors;

namespace WanSharp.Cli.Films;

/// <summary>
/// The name of a film that nobody named, and of its folder: that of the same film, which then goes on, or one that nothing has.
/// </summary>
internal sealed class FilmName : IDisposable
{
    private readonly OutputName? _taken;

    private FilmName(OutputTarget target, OutputName? taken) => (Target, _taken) = (target, taken);

    /// <summary>What the film is written to.</summary>
    public OutputTarget Target { get; }

    /// <summary>The folder of its sections.</summary>
    public string Folder => FilmOrder.FolderFor(Target);

    /// <summary>Takes a name.</summary>
    /// <param name="order">The film, and the name to begin with.</param>
    /// <param name="plan">The film's plan.</param>
    /// <param name="settings">What makes it.</param>
    /// <param name="ffmpeg">The program that reads clips; null for none.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    public static async Task<FilmName> TakeAsync(
        FilmOrder order,
        FilmPlan plan,
        BackendSettings settings,
        string? ffmpeg,
        CancellationToken cancellationToken
    )
    {
        var extension = Path.GetExtension(order.Target.Name);
        foreach (var stem in OutputName.Numbered(Path.ChangeExtension(order.Target.FullPath, null)))
        {
            var target = OutputTarget.Parse(stem + extension);
            var folder = FilmOrder.FolderFor(target);
            if (FilmFolder.IsOf(folder, order.Film) && settings.AreOf(JobFolder.Open(folder)))
            {
                if (await IsFreeOrOwnAsync($"{stem}.webp") && await IsFreeOrOwnAsync(target.FullPath))
                {
                    return new FilmName(target, taken: null);
                }
            }
            else if (IsFree(folder) && OutputName.TryTake(stem) is { } taken)
            {
                return new FilmName(target, taken);
            }
        }

        throw new InvalidOperationException();

        async Task<bool> IsFreeOrOwnAsync(string path)
        {
            try
            {
                return !Path.Exists(path)
                    || FileFacts.Of(path) is { Exists: true, Length: 0 }
                    || await MetadataReader.ReadAsync(ffmpeg, path, cancellationToken) == plan.Embedded;
            }
            catch (MediaException)
            {
                return false; // it is something else
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _taken?.Dispose();

    private static bool IsFree(string folder) =>
        !Path.Exists(folder) || (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any());
}
