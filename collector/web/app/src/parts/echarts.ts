// The parts of ECharts that are used. It is loaded when the first chart is shown.

import { BarChart, HeatmapChart } from 'echarts/charts'
import { GridSimpleComponent, VisualMapPiecewiseComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

use([BarChart, HeatmapChart, GridSimpleComponent, VisualMapPiecewiseComponent, CanvasRenderer])

export { init }
