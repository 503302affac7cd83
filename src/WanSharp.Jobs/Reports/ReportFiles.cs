using System.Collections.Concurrent;
using WanSharp.Jobs.Storage;
using WanSharp.Media;
using WanSharp.Media.Clips;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Reports;

/// <summary>Writes <c>report.json</c> and <c>report.html</c> into a job folder.</summary>
public static class ReportFiles
{
    /// <summary>Thumbnails of a contact sheet: making more would take longer than looking at them.</summary>
    private const int MostThumbnails = 60;

    private const int ThumbnailWidth = 160;
    private const int Readers = 2;

    /// <summary>Writes both files, each whole or not at all.</summary>
    /// <param name="folder">Where the clips are, and the files go.</param>
    /// <param name="report">The figures.</param>
    /// <param name="ffmpeg">Makes the thumbnails of mp4, webm and gif; null for none.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="IOException">They cannot be written.</exception>
    public static async Task WriteAsync(JobFolder folder, BatchReport report, string? ffmpeg, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(report);
        var page = await PageAsync(folder, report, ffmpeg, cancellationToken).ConfigureAwait(false);
        AtomicFile.Write(folder.Artifact("report.json"), report.ToJson());
        AtomicFile.Write(folder.Artifact("report.html"), page);
    }

    /// <summary>The report as a page with pictures of the clips.</summary>
    /// <inheritdoc cref="WriteAsync" path="/param"/>
    public static async Task<string> PageAsync(JobFolder folder, BatchReport report, string? ffmpeg, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(report);
        return HtmlReport.Write(report, await ThumbnailsAsync(folder, report, ffmpeg, cancellationToken).ConfigureAwait(false));
    }

    private static async Task<ConcurrentDictionary<string, byte[]>> ThumbnailsAsync(
        JobFolder folder,
        BatchReport report,
        string? ffmpeg,
        CancellationToken cancellationToken
    )
    {
        var thumbnails = new ConcurrentDictionary<string, byte[]>();
        var clips = report.Jobs.Where(job => job.State == "succeeded" && File.Exists(folder.Artifact(job.Output))).Take(MostThumbnails);
        await Parallel
            .ForEachAsync(
                clips,
                new ParallelOptions { MaxDegreeOfParallelism = Readers, CancellationToken = cancellationToken },
                async (job, token) =>
                {
                    try
                    {
                        thumbnails[job.Output] = await ThumbnailReader
                            .ReadAsync(ffmpeg, folder.Artifact(job.Output), ThumbnailWidth, token)
                            .ConfigureAwait(false);
                    }
                    catch (MediaException)
                    {
                        // Without ffmpeg, or when somebody replaced the clip by something else, it has no picture.
                    }
                }
            )
            .ConfigureAwait(false);
        return thumbnails;
    }
}
