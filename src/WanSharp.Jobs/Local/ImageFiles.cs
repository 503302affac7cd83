using WanSharp.Media.Images;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Local;

/// <summary>Reads the images of jobs, and keeps the last few: the jobs of a batch often begin with the same. Thread-safe.</summary>
internal sealed class ImageFiles(string? ffmpeg)
{
    private const int Most = 4;

    private readonly Lock _gate = new();
    private readonly List<(string Path, DateTime Written, long Length, RgbImage Image)> _kept = [];

    public async ValueTask<RgbImage> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var info = FileFacts.Of(path);
        if (info.Exists)
        {
            lock (_gate)
            {
                if (
                    _kept.FindIndex(one => one.Path == path && one.Written == info.LastWriteTimeUtc && one.Length == info.Length)
                    is >= 0
                        and var i
                )
                {
                    return _kept[i].Image;
                }
            }
        }

        var image = await ImageReader.ReadAsync(ffmpeg, path, cancellationToken).ConfigureAwait(false);
        lock (_gate)
        {
            _kept.RemoveAll(one => one.Path == path);
            if (_kept.Count == Most)
            {
                _kept.RemoveAt(0);
            }

            _kept.Add((path, info.LastWriteTimeUtc, info.Length, image));
        }

        return image;
    }
}
