namespace WanSharp.Tools.Optimize;

/// <summary>What of a way decides whether it is chosen.</summary>
internal interface IWayCost
{
    /// <summary>Time of a clip once the program runs.</summary>
    double Seconds { get; }

    /// <summary>Time from the start of the program to the end of a single clip.</summary>
    double TotalSeconds { get; }

    /// <summary>The worst clip's loss.</summary>
    double WorstLoss { get; }
}
