using WanSharp.Media.Clips;
using WanSharp.Media.Images;

namespace WanSharp.Jobs.Films;

/// <summary>What the proof sheet shows of a part: pictures, and how large the steps between its frames are. Not thread-safe.</summary>
internal sealed class PartProof
{
    private const int PictureWidth = 160;
    private const int MostPictures = 5;

    private RgbImage? _before;

    /// <summary>Pictures, as JPEG files.</summary>
    public List<byte[]> Pictures { get; init; } = [];

    /// <summary>The step from the frame that the part continues; null where it continues none.</summary>
    public double? Joint { get; set; }

    /// <summary>The steps between its frames.</summary>
    public List<double> Steps { get; init; } = [];

    /// <summary>Begins a proof.</summary>
    /// <param name="before">The frame that the part continues, or null.</param>
    public static PartProof After(RgbImage? before) => new() { _before = before };

    /// <summary>Takes the next frame that the part shows.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="number">Its number, from 0.</param>
    /// <param name="show">How many frames the part shows.</param>
    public void Add(RgbImage frame, int number, int show)
    {
        if (_before is not null && number == 0)
        {
            Joint = Difference(_before, frame);
        }
        else if (_before is not null)
        {
            Steps.Add(Difference(_before, frame));
        }

        _before = frame;
        if (Enumerable.Range(0, MostPictures).Any(i => i * (show - 1) / (MostPictures - 1) == number))
        {
            Pictures.Add(ThumbnailReader.Encode(frame, PictureWidth));
        }
    }

    /// <summary>The mean difference of two frames' bytes.</summary>
    private static double Difference(RgbImage one, RgbImage other)
    {
        var sum = 0L;
        for (var i = 0; i < one.Pixels.Length; i++)
        {
            sum += Math.Abs(one.Pixels[i] - other.Pixels[i]);
        }

        return (double)sum / one.Pixels.Length;
    }
}
