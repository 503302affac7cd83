using WanSharp.Media.Images;

namespace WanSharp.Tools.Quality;

/// <summary>Measures what becomes of a film from section to section: its colours, its sharpness, its joints.</summary>
public static class FilmDrift
{
    private const double Quantile = 0.05;

    /// <summary>Measures a film. One frame is held at a time.</summary>
    /// <param name="frames">Its frames.</param>
    /// <param name="sections">How many frames each section has.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="ArgumentException">There are fewer frames than the sections have.</exception>
    public static async Task<IReadOnlyList<SectionDrift>> MeasureAsync(
        IAsyncEnumerable<RgbImage> frames,
        IReadOnlyList<int> sections,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(frames);
        ArgumentNullException.ThrowIfNull(sections);
        var measured = new List<Section>();
        var (comparer, before) = ((FrameComparer?)null, (RgbImage?)null);
        await foreach (var frame in frames.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (measured.Count == 0 || measured[^1].Frames == sections[measured.Count - 1])
            {
                if (measured.Count == sections.Count)
                {
                    break;
                }

                measured.Add(new Section());
            }

            comparer ??= new FrameComparer(frame.Width, frame.Height);
            measured[^1].Add(frame, before is null ? null : comparer.Compare(frame.Pixels, before.Pixels).Ssim);
            before = frame;
        }

        if (measured.Count < sections.Count || measured[^1].Frames < sections[^1])
        {
            throw new ArgumentException(
                $"{measured.Sum(section => section.Frames)} frames are fewer than {sections.Sum()}.",
                nameof(frames)
            );
        }

        return [.. measured.Select((section, i) => section.Against(measured[0], i + 1))];
    }

    /// <summary>What is added up over the frames of a section.</summary>
    private sealed class Section
    {
        private readonly List<double> _own = [];
        private readonly double[] _color = new double[3]; // sums of L, a, b
        private double _sharpness;
        private double? _joint;

        public int Frames { get; private set; }

        public void Add(RgbImage frame, double? ssim)
        {
            if (Frames++ == 0)
            {
                _joint = ssim;
            }
            else
            {
                _own.Add(ssim!.Value);
            }

            var (luma, color) = Looks(frame);
            for (var i = 0; i < color.Length; i++)
            {
                _color[i] += color[i];
            }

            _sharpness += LaplacianVariance(luma, frame.Width);
        }

        public SectionDrift Against(Section first, int number) =>
            new(
                number,
                Frames,
                Math.Sqrt(_color.Zip(first._color, (one, other) => Math.Pow((one / Frames) - (other / first.Frames), 2)).Sum()),
                first._sharpness > 0 ? _sharpness / Frames / (first._sharpness / first.Frames) : 1,
                number == 1 ? null : _joint,
                _own.Count == 0 ? null : _own.Order().ElementAt((int)(Quantile * (_own.Count - 1)))
            );

        /// <summary>The luma of each pixel, and the mean L*, a*, b* (sRGB, D65).</summary>
        private static (float[] Luma, double[] Color) Looks(RgbImage frame)
        {
            var (luma, color) = (new float[frame.Width * frame.Height], new double[3]);
            for (var pixel = 0; pixel < luma.Length; pixel++)
            {
                var (red, green, blue) = (frame.Pixels[3 * pixel], frame.Pixels[(3 * pixel) + 1], frame.Pixels[(3 * pixel) + 2]);
                luma[pixel] = (0.2126f * red) + (0.7152f * green) + (0.0722f * blue);
                var (r, g, b) = (Linear(red), Linear(green), Linear(blue));
                var x = Curve(((0.4124 * r) + (0.3576 * g) + (0.1805 * b)) / 0.9505);
                var y = Curve((0.2126 * r) + (0.7152 * g) + (0.0722 * b));
                var z = Curve(((0.0193 * r) + (0.1192 * g) + (0.9505 * b)) / 1.089);
                color[0] += (116 * y) - 16;
                color[1] += 500 * (x - y);
                color[2] += 200 * (y - z);
            }

            return (luma, [.. color.Select(sum => sum / luma.Length)]);
        }

        private static double Linear(byte value) =>
            value / 255.0 is var v && v <= 0.04045 ? v / 12.92 : Math.Pow(((value / 255.0) + 0.055) / 1.055, 2.4);

        private static double Curve(double t) => t > 0.008856 ? Math.Cbrt(t) : (7.787 * t) + (16.0 / 116);

        private static double LaplacianVariance(float[] luma, int width)
        {
            var (sum, squares, count) = (0.0, 0.0, 0);
            for (var i = width + 1; i < luma.Length - width - 1; i++)
            {
                if (i % width is 0 || i % width == width - 1)
                {
                    continue;
                }

                var value = luma[i - 1] + luma[i + 1] + luma[i - width] + luma[i + width] - (4 * luma[i]);
                (sum, squares, count) = (sum + value, squares + (value * value), count + 1);
            }

            return count == 0 ? 0 : (squares / count) - Math.Pow(sum / count, 2);
        }
    }
}
