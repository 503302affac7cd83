using System.Globalization;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Jobs.Comfy;
using static System.FormattableString;

namespace WanSharp.Jobs.Recipes;

/// <summary>Collects a recipe, and what it cannot say.</summary>
internal sealed class RecipeDraft
{
    private const int PixelStep = 16;
    private const int FrameStep = 4;
    private const int LevelDigits = 6;

    private readonly List<string> _unexpressed = [];
    private readonly List<LoraUse> _loras = [];
    private readonly List<LoraUse> _high = [];
    private readonly List<LoraUse> _low = [];

    /// <summary>The settings so far.</summary>
    public ClipSettings Settings { get; set; } = new();

    /// <summary>The recipe of what was collected.</summary>
    public Recipe Finish(string tool, string prompt) =>
        new()
        {
            Tool = tool,
            Prompt = prompt,
            Settings = Settings with
            {
                Shift = SamplerNames.HasOwnLevels(Settings.Sampler) ? null : Settings.Shift,
                Loras = Uses(_loras),
                HighNoiseLoras = Uses(_high),
                LowNoiseLoras = Uses(_low),
            },
            Unexpressed = [.. _unexpressed.Distinct()],
        };

    /// <summary>Notes what cannot be said.</summary>
    public void Miss(string what) => _unexpressed.Add(what);

    /// <summary>Sets the size, which has to be whole patches.</summary>
    public void SetSize(double? width, double? height)
    {
        if (width is null || height is null)
        {
            return;
        }

        var (across, down) = (Whole(width.Value, "width"), Whole(height.Value, "height"));
        if (across is null || down is null)
        {
            return;
        }

        var (w, h) = (Math.Max(PixelStep, across.Value / PixelStep * PixelStep), Math.Max(PixelStep, down.Value / PixelStep * PixelStep));
        if ((w, h) != (across, down))
        {
            Miss(Invariant($"{across}x{down} is not in steps of {PixelStep} pixels: {w}x{h} is taken"));
        }

        Settings = Settings with { Width = w, Height = h };
    }

    /// <summary>Sets the number of frames: 4n+1, as programs round it.</summary>
    public void SetFrames(double? count)
    {
        if (count is { } given && Whole(given, "frames") is { } frames)
        {
            var taken = ((Math.Max(frames, 1) - 1) / FrameStep * FrameStep) + 1;
            if (taken != frames)
            {
                Miss(Invariant($"{frames} frames are not 4n+1: {taken} are taken"));
            }

            Settings = Settings with { Frames = taken };
        }
    }

    /// <summary>Sets the rate.</summary>
    public void SetFps(double? rate)
    {
        if (rate is { } given && Whole(given, "frames a second") is { } fps)
        {
            Settings = Settings with { Fps = fps };
        }
    }

    /// <summary>Sets the number of steps.</summary>
    public void SetSteps(double? count)
    {
        if (count is { } given && Whole(given, "steps") is { } steps)
        {
            Settings = Settings with { Steps = steps };
        }
    }

    /// <summary>Sets the sampler by another program's name for it.</summary>
    public void SetSampler(string? name, string? schedule)
    {
        if (name is null)
        {
            return;
        }

        var (plain, own) = name.Split('/', 2) is [var first, var second] ? (first, second) : (name, schedule);
        var ours = SamplerNames.Find(plain, own);
        if (ours is null)
        {
            Miss($"the sampler '{name}' is none of {string.Join(", ", Samplers.Names)}: the model's default is taken");
        }
        else
        {
            Settings = Settings with { Sampler = ours };
            if (SamplerNames.HasOwnLevels(ours))
            {
                Settings = Settings with { Shift = null };
                Miss($"the sampler '{name}' has noise levels of its own there, and others here");
            }
        }

        if (own is not null && !ComfySchedule.IsEven(own) && ours != SamplerNames.Karras)
        {
            Miss($"the schedule '{own}' spaces the steps otherwise");
        }
    }

    /// <summary>
    /// Sets the sampler by ComfyUI's name for it. The steps and the shift are set already.
    /// </summary>
    /// <param name="name">ComfyUI's name.</param>
    /// <param name="schedule">How the steps are spaced; null where that is not said.</param>
    /// <param name="isKSampler">Whether a KSampler makes the steps, which treats some samplers in its own way.</param>
    /// <returns>The steps, as far as they are known.</returns>
    public StepList? SetComfySampler(string name, string? schedule, bool isKSampler)
    {
        if (Settings is not { Steps: { } steps and <= Samplers.MaxSteps, Shift: { } shift })
        {
            SetSampler(name, schedule);
            return null;
        }

        if (ComfySchedule.Levels(schedule ?? "simple", steps, shift, isKSampler && ComfySchedule.Discards(name)) is not { } levels)
        {
            SetSampler(name, schedule);
            return StepList.Usual(steps, shift);
        }

        SetSampler(name, schedule: null); // the levels say how they are spaced
        return new StepList(levels) { Shift = shift };
    }

    /// <summary>Sets the steps, as many with a shift or their noise levels, and where the experts change.</summary>
    public void SetSteps(StepList list)
    {
        Settings = list.IsUsual
            ? Settings with
            {
                Steps = list.Count,
                Shift = list.Shift,
            }
            : Settings with
            {
                Sigmas = new NumberList(list.Levels.Select(level => Math.Round(level, LevelDigits))),
                Steps = null,
                Shift = null,
            };
        if (list.Boundary is { } boundary)
        {
            Settings = Settings with { Boundary = boundary };
        }
        else if (list.Turn is not null)
        {
            Miss("only the low-noise expert made the clip");
        }
    }

    /// <summary>Adds a LoRA, with its strength as a text.</summary>
    /// <param name="file">Its file, as it is named there.</param>
    /// <param name="strength">How strongly it acts.</param>
    /// <param name="expert">True for the one of high noise, false for the one of low noise, null for both or the only one.</param>
    public void AddLora(string file, string strength, bool? expert)
    {
        if (strength is not ("0" or "0.0"))
        {
            Add(file, strength, expert);
        }
    }

    /// <summary>Adds a LoRA, unless it never acts.</summary>
    /// <inheritdoc cref="AddLora(string, string, bool?)"/>
    public void AddLora(string file, LoraStrength strength, bool? expert)
    {
        if (strength.Acts(Samplers.MaxSteps))
        {
            Add(file, $"{strength}", expert);
        }
    }

    private void Add(string file, string strength, bool? expert)
    {
        if (LoraUse.TryParse($"{file}:{strength}", out var use))
        {
            (
                expert switch
                {
                    null => _loras,
                    true => _high,
                    false => _low,
                }
            ).Add(use);
        }
        else
        {
            Miss($"the LoRA '{file}' with a strength of {strength}");
        }
    }

    private int? Whole(double value, string what)
    {
        if (value is > 0 and <= int.MaxValue && Math.Floor(value) == value)
        {
            return (int)value;
        }

        Miss(string.Create(CultureInfo.InvariantCulture, $"{value} {what}"));
        return null;
    }

    private static LoraUses? Uses(List<LoraUse> uses) => uses.Count > 0 ? new LoraUses([.. uses]) : null;
}
