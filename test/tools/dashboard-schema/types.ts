// What a panel of each kind that our dashboards have must look like, put together from the types that Grafana publishes. It is
// stricter than Grafana's own Panel, whose options, queries and overrides may be anything.
import type {
  Dashboard, DataQuery, DataSourceRef, FieldConfig, FieldTextAlignment, GraphFieldConfig, Panel, RowPanel, TableCellOptions, TableFieldOptions,
} from '@grafana/schema';
import type { Options as GaugeOptions } from '@grafana/schema/dist/esm/raw/composable/gauge/panelcfg/x/GaugePanelCfg_types.gen';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as TableOptions } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as TimeSeriesOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

// Json is a type as JSON has it: TypeScript takes no literal "dashed" for an enumeration that has this value.
export type Json<T> =
  unknown extends T ? T
  : T extends string ? `${T}`
  : T extends number | boolean | null | undefined ? T
  : T extends ReadonlyArray<infer Item> ? Array<Json<Item>>
  : { [Key in keyof T]: Json<T[Key]> };

// Only fields that are known, in place of Grafana's "and whatever else".
type Custom<T> = Omit<FieldConfig, 'custom'> & { custom?: T };

type Override =
  | { id: 'unit'; value: string }
  | { id: 'decimals'; value: number }
  | { id: 'thresholds'; value: NonNullable<FieldConfig['thresholds']> }
  | { id: 'mappings'; value: NonNullable<FieldConfig['mappings']> }
  | { id: 'custom.align'; value: FieldTextAlignment }
  | { id: 'custom.cellOptions'; value: TableCellOptions };

// Grafana publishes no types of Prometheus' queries in this package: the fields beyond DataQuery are our own account of them.
type Query = DataQuery & {
  datasource: DataSourceRef;
  editorMode: 'code';
  expr: string;
  format?: 'table';
  instant: boolean;
  legendFormat?: string;
  range: boolean;
};

// Nor of transformations.
type Transformation =
  | { id: 'merge'; options: Record<string, never> }
  | {
      id: 'organize';
      options: { excludeByName: Record<string, true>; indexByName: Record<string, number>; renameByName: Record<string, string> };
    };

type Strict<Type, Options, Defaults> = Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets' | 'transformations'> & {
  type: Type;
  description: string;
  fieldConfig: { defaults: Defaults; overrides: Array<{ matcher: { id: 'byName'; options: string }; properties: Override[] }> };
  id: number;
  options: Options;
  targets: Query[];
  title: string;
  transformations?: Transformation[];
};

export type DashboardWithoutPanels = Json<Omit<Dashboard, 'panels'> & { uid: string; title: string }>;
export type Row = Json<Omit<RowPanel, 'panels'> & { panels: [] }>;
// Partial: Grafana fills in what older dashboards do not say.
export type Gauge = Json<Strict<'gauge', Partial<GaugeOptions>, Custom<undefined>>>;
export type Stat = Json<Strict<'stat', StatOptions, Custom<undefined>>>;
export type Table = Json<Strict<'table', TableOptions, Custom<TableFieldOptions>>>;
export type TimeSeries = Json<Strict<'timeseries', TimeSeriesOptions, Custom<GraphFieldConfig>>>;
