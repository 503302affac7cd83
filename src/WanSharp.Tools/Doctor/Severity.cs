namespace WanSharp.Tools.Doctor;

/// <summary>How much a finding matters.</summary>
public enum Severity
{
    /// <summary>As it should be.</summary>
    Good,

    /// <summary>It costs time or quality, or will one day.</summary>
    Advice,

    /// <summary>Something cannot work.</summary>
    Problem,
}
