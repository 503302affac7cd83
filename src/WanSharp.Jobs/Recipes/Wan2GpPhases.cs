using System.Globalization;
using System.Text.Json.Nodes;
using WanSharp.Engine.Requests;
using WanSharp.Jobs.Comfy;

namespace WanSharp.Jobs.Recipes;

/// <summary>
/// The steps of Wan2GP, and its phases of guidance. Source: deepbeepmeep/Wan2GP:models/wan/any2video.py (update_guidance),
/// shared/utils/euler_scheduler.py, shared/utils/lcm_scheduler.py, shared/utils/loras_mutipliers.py.
/// </summary>
internal sealed class Wan2GpPhases
{
    private const int MostSteps = 1000;
    private const int MostPhases = 3;
    private const double Most = 1000;

    // Its lcm is Euler's method in few steps, which ends just above 0.
    private const int MostLcmSteps = 8;
    private const double LcmEnd = 0.003 / 1.002;

    private static readonly double[] Causvid = [1000, 934, 862, 756, 603, 410, 250, 140, 74];

    private readonly double[] _bounds;
    private readonly int _switch;

    /// <summary>The phases of settings; null where the number of steps is not known.</summary>
    public static Wan2GpPhases? Of(JsonObject settings) =>
        RecipeValues.Number(settings["num_inference_steps"]) is { } steps && steps >= 1 && steps <= MostSteps && steps == Math.Floor(steps)
            ? new Wan2GpPhases(settings, (int)steps)
            : null;

    private Wan2GpPhases(JsonObject settings, int steps)
    {
        double Value(string name, double usual) => RecipeValues.Number(settings[name]) ?? usual;
        Count = (int)Math.Clamp(Value("guidance_phases", 1), 1, MostPhases);
        _bounds = [Value("switch_threshold", 0), Value("switch_threshold2", 0)];
        _switch = (int)Math.Clamp(Value("model_switch_phase", 1), 1, MostPhases);
        var type = settings["base_model_type"].Text() ?? settings["model_type"].Text() ?? "";
        HasExperts = type.Contains("2_2", StringComparison.Ordinal) && !type.StartsWith("ti2v", StringComparison.Ordinal);
        var shift = Value("flow_shift", 1);
        var solver = settings["sample_solver"].Text() ?? "";
        IsOwn = solver is "euler" or "lcm" or "causvid" && (solver == "causvid" || settings.ContainsKey("flow_shift"));
        var count = solver == "lcm" ? Math.Min(steps, MostLcmSteps) : steps;
        double[] levels = solver switch
        {
            "causvid" => [.. Causvid.Take(steps).Select(timestep => timestep / Most)],
            "euler" => [.. Spaced(steps, 1 / Most, steps - 1).Select(level => Shifted(level, shift))],
            "lcm" => [.. Spaced(count, LcmEnd, count).Select(level => Shifted(level, shift))],
            _ => [.. Spaced(steps, 0, steps).Select(level => Shifted(level, shift))],
        };
        Rest = solver == "lcm" ? Shifted(LcmEnd, shift) : 0;
        double[] timesteps = [.. levels.Select(level => solver is "euler" or "lcm" ? level * Most : Math.Floor(level * Most))];
        PhaseOf = PhasesOf(timesteps);
        var turn = PhaseOf.Count(phase => phase < _switch);
        Steps = new StepList(levels)
        {
            Shift = IsOwn ? null : RecipeValues.Number(settings["flow_shift"]),
            Turn = HasExperts ? turn : null,
            Bound = _bounds[Math.Min(_switch, _bounds.Length) - 1] / Most,
        };
    }

    /// <summary>How many phases there are.</summary>
    public int Count { get; }

    /// <summary>Whether two experts take turns.</summary>
    public bool HasExperts { get; }

    /// <summary>The steps.</summary>
    public StepList Steps { get; }

    /// <summary>Whether the solver spaces them in a way of its own, which is known.</summary>
    public bool IsOwn { get; }

    /// <summary>The noise that the last step leaves.</summary>
    public double Rest { get; }

    /// <summary>The phase of each step, from 0.</summary>
    public int[] PhaseOf { get; }

    /// <summary>A LoRA's strength in each step; null for a text that Wan2GP would not take.</summary>
    /// <param name="text">Such as <c>0.8</c>, <c>1;0</c> for two phases, <c>1,0.5</c> over the steps.</param>
    public double[]? Strengths(string text)
    {
        var parts = text.Split(';').ToList();
        if (parts.Count > 1 && parts.Count < Count)
        {
            parts.Insert(_switch == 2 ? 0 : parts.Count, _switch == 2 ? parts[0] : parts[^1]);
        }

        if (parts.Count != 1 && parts.Count != Count)
        {
            return null;
        }

        var numbers = parts.ConvertAll(part => part.Split(',').Select(Parse).ToArray());
        if (numbers.Exists(list => list.Any(number => number is null || Math.Abs(number.Value) > LoraStrength.Most)))
        {
            return null;
        }

        var strengths = new double[PhaseOf.Length];
        for (var step = 0; step < strengths.Length; step++)
        {
            var list = numbers.Count == 1 ? numbers[0] : numbers[PhaseOf[step]];
            var first = numbers.Count == 1 ? 0 : Array.IndexOf(PhaseOf, PhaseOf[step]);
            var length = numbers.Count == 1 ? PhaseOf.Length : PhaseOf.Count(phase => phase == PhaseOf[step]);
            strengths[step] = list[(step - first) * list.Length / length]!.Value;
        }

        return strengths;
    }

    /// <summary>The phase of each timestep.</summary>
    private int[] PhasesOf(double[] timesteps)
    {
        var (phases, phase) = (new int[timesteps.Length], 0);
        for (var step = 0; step < phases.Length; step++)
        {
            while (phase + 1 < Count && timesteps[step] <= _bounds[phase])
            {
                phase++;
            }

            phases[step] = phase;
        }

        return phases;
    }

    private static IEnumerable<double> Spaced(int steps, double last, int gaps) =>
        Enumerable.Range(0, steps).Select(i => gaps == 0 ? 1 : 1 - (i * (1 - last) / gaps));

    private static double Shifted(double level, double shift) => shift * level / (1 + ((shift - 1) * level));

    private static double? Parse(string text) =>
        double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : null;
}
