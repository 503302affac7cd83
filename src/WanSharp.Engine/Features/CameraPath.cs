using System.Globalization;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Features;

/// <summary>The camera of each frame of a clip: how it looks, and how the world lies before it.</summary>
/// <remarks>
/// Sources: aigc-apps/VideoX-Fun:videox_fun/data/utils.py, <c>process_pose_file</c>, <c>Camera</c>, <c>get_relative_pose</c>, whose files
/// are those of RealEstate10K; its comfyui/camera_utils.py, <c>get_camera_motion</c>, and the files of its asset/ for the focal lengths.
/// </remarks>
internal sealed class CameraPath
{
    private const int Columns = 19; // time, focal lengths, centre, two of no meaning, and the world before the camera, 3 × 4
    private const int MostBytes = 1 << 22;

    // Of frames of 16:9, which all lines are for.
    private const double FrameRatio = 1280.0 / 720;
    private static readonly double[] Lens = [0.532139961, 0.946026558, 0.5, 0.5];

    // What a move of 1 is at a speed of 1.
    private const double Distance = 1.5;
    private const double Angle = Math.PI / 3;

    private readonly IReadOnlyList<double[]> _lines; // of each frame: focal lengths, centre, 3 × 4

    private CameraPath(IReadOnlyList<double[]> lines) => _lines = lines;

    /// <summary>The cameras of a clip's frames.</summary>
    /// <param name="plan">How they move.</param>
    /// <param name="frames">The clip's frames.</param>
    /// <exception cref="InvalidRequestException">The file cannot be read, holds something else, or has fewer lines than the clip has
    /// frames.</exception>
    public static CameraPath Of(CameraPlan plan, int frames) =>
        plan.File is { } file
            ? new CameraPath(Read(file, frames))
            : new CameraPath([
                .. Enumerable.Range(0, frames).Select(frame => Moved(CameraMoves.Sum(plan.Moves), plan.Speed * frame / frames)),
            ]);

    /// <summary>The cameras of lines of a file.</summary>
    /// <param name="lines">19 numbers each.</param>
    public static CameraPath Parse(IEnumerable<double[]> lines) => new([.. lines.Select(Camera)]);

    /// <summary>
    /// What a network is told of them, 16 numbers for each frame of video, and for the first one as often as a latent frame has frames:
    /// focal lengths and centre in pixels, then rotation and place relative to the first.
    /// </summary>
    /// <param name="width">The clip's pixels across.</param>
    /// <param name="height">The clip's pixels down.</param>
    public float[] Numbers(int width, int height)
    {
        var first = _lines[0].AsSpan(4);
        var numbers = new List<float>();
        for (var frame = 0; frame < _lines.Count; frame++)
        {
            var line = _lines[frame];
            var (fx, fy, ratio) = (line[0], line[1], (double)width / height);
            if (FrameRatio > ratio)
            {
                fx = height * FrameRatio * fx / width;
            }
            else
            {
                fy = width / FrameRatio * fy / height;
            }

            var (turn, place) = frame == 0 ? ([1, 0, 0, 0, 1, 0, 0, 0, 1], [0, 0, 0]) : Seen(first, line.AsSpan(4));
            float[] one =
            [
                (float)(fx * width),
                (float)(fy * height),
                (float)(line[2] * width),
                (float)(line[3] * height),
                .. turn.Select(value => (float)value),
                .. place.Select(value => (float)value),
            ];
            for (var times = frame == 0 ? TransformerConfig.CameraFrames : 1; times > 0; times--)
            {
                numbers.AddRange(one);
            }
        }

        return [.. numbers];
    }

    /// <summary>The world before a camera that made a share of some moves.</summary>
    private static double[] Moved((double X, double Y, double Z, double Turn) move, double share)
    {
        var (sin, cos) = Math.SinCos(share * Angle * move.Turn);
        var far = share * Distance;
        return [.. Lens, cos, -sin, 0, far * move.X, sin, cos, 0, far * move.Y, 0, 0, 1, far * move.Z];
    }

    /// <summary>How a camera stands in the space of the first: first · other⁻¹, both [3 × 4], as rotation and place.</summary>
    private static (double[] Turn, double[] Place) Seen(ReadOnlySpan<double> first, ReadOnlySpan<double> other)
    {
        var inverse = Inverse(other)!; // which a file's lines have
        double[] turn = new double[9];
        double[] place = new double[3];
        for (var row = 0; row < 3; row++)
        {
            place[row] = first[(4 * row) + 3];
            for (var k = 0; k < 3; k++)
            {
                for (var column = 0; column < 3; column++)
                {
                    turn[(3 * row) + column] += first[(4 * row) + k] * inverse[(4 * k) + column];
                }

                place[row] += first[(4 * row) + k] * inverse[(4 * k) + 3];
            }
        }

        return (turn, place);
    }

    /// <summary>[R | t] → [R⁻¹ | −R⁻¹ t]; null where there is none.</summary>
    private static double[]? Inverse(ReadOnlySpan<double> matrix)
    {
        double[] m = [.. matrix];
        double Minor(int a, int b, int c, int d) => (m[a] * m[d]) - (m[b] * m[c]);
        double[] adjugate =
        [
            Minor(5, 6, 9, 10),
            -Minor(1, 2, 9, 10),
            Minor(1, 2, 5, 6),
            -Minor(4, 6, 8, 10),
            Minor(0, 2, 8, 10),
            -Minor(0, 2, 4, 6),
            Minor(4, 5, 8, 9),
            -Minor(0, 1, 8, 9),
            Minor(0, 1, 4, 5),
        ];
        var determinant = (m[0] * adjugate[0]) + (m[1] * adjugate[3]) + (m[2] * adjugate[6]);
        if (!(Math.Abs(determinant) > 1e-12))
        {
            return null;
        }

        var inverse = new double[12];
        for (var row = 0; row < 3; row++)
        {
            for (var k = 0; k < 3; k++)
            {
                inverse[(4 * row) + k] = adjugate[(3 * row) + k] / determinant;
                inverse[(4 * row) + 3] -= inverse[(4 * row) + k] * m[(4 * k) + 3];
            }
        }

        return inverse;
    }

    /// <summary>The first lines of a file after its heading; what is over is not looked at.</summary>
    private static List<double[]> Read(ControlFile file, int frames)
    {
        string[] lines;
        try
        {
            if (FileFacts.Of(file.Path).Length > MostBytes)
            {
                throw new InvalidRequestException(file.Field, $"{file.Path} is larger than {MostBytes} bytes: no file of cameras.");
            }

            lines = PlainFile.ReadAllLines(file.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidRequestException(file.Field, $"{file.Path} cannot be read: {e.Message}");
        }

        if (lines is [var heading, ..] && Numbers(heading).Length == Columns && !Numbers(heading).Any(double.IsNaN))
        {
            throw new InvalidRequestException(
                file.Field,
                $"{file.Path}, line 1: it is a camera, and would be left out as the heading: write a line before it, as RealEstate10K has."
            );
        }

        var cameras = lines.Skip(1).Take(frames).Select((line, i) => Line(file, line, i + 2)).ToList();
        return cameras.Count == frames
            ? cameras
            : throw new InvalidRequestException(
                file.Field,
                $"{file.Path} has the cameras of {cameras.Count} frames after its first line, and the clip has {frames}: give more, or "
                    + "ask for a shorter clip."
            );
    }

    private static double[] Camera(double[] line) => [.. line[1..5], .. line[7..]];

    /// <summary>The numbers of a line, NaN for words that are none.</summary>
    private static double[] Numbers(string line) =>
        [
            .. line.Split(' ', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(word =>
                    double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
                        ? value
                        : double.NaN
                ),
        ];

    private static double[] Line(ControlFile file, string text, int number)
    {
        var values = Numbers(text);
        if (values.Length != Columns || values.Any(double.IsNaN))
        {
            throw new InvalidRequestException(
                file.Field,
                $"{file.Path}, line {number}: it is not {Columns} numbers: a time, two focal lengths, a centre, two of no meaning, and "
                    + "twelve of the world before the camera, row by row, as RealEstate10K has them."
            );
        }

        var camera = Camera(values);
        return camera[0] > 0 && camera[1] > 0 && Inverse(camera.AsSpan(4)) is not null
            ? camera
            : throw new InvalidRequestException(
                file.Field,
                $"{file.Path}, line {number}: focal lengths must be above 0, and the three columns of the rotation must point in three "
                    + "ways."
            );
    }
}
